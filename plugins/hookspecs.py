"""The hooks of Fieldstone. Each one says when it is called, what may be returned, and what an exception does.

A hook exists when a shipped plugin uses it; docs/plugin_hooks.md lists the same ones and a test compares them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from plugins.contexts import StartContext
from plugins.contributions import ExpressionFunction, FieldTypeAddition, RuleAction, RuleEvent
from plugins.mailboxes import MailReader
from plugins.pages import PluginPage
from plugins.sign_in import SignInWay

PROJECT = "fieldstone"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def rule_actions() -> Sequence[RuleAction]:
    """Add actions that rules may call.

    Called once when the plugin is loaded. Return the actions; their `run` is called by a worker, one call a try. An
    exception here switches the plugin off; one in `run` fails that try of that run only.
    """
    raise AssertionError("a specification is never called")


@hookspec
def rule_events() -> Sequence[RuleEvent]:
    """Add events that rules may wait for.

    Called once when the plugin is loaded. Return the events; the plugin tells of them by `events` of its contexts. An
    exception here switches the plugin off; telling of an event that is not returned here raises EventUnknown.
    """
    raise AssertionError("a specification is never called")


@hookspec
def expression_functions() -> Sequence[ExpressionFunction]:
    """Add functions to the expression language.

    Called once when the plugin is loaded. Return the functions; names of the language itself and of other plugins are
    refused. An exception here switches the plugin off; one in a call makes that expression fail with its place.
    """
    raise AssertionError("a specification is never called")


@hookspec
def field_types() -> Sequence[FieldTypeAddition]:
    """Add field types that stand on one of the product's own.

    Called once when the plugin is loaded. Return the types; names of the product and of other plugins are refused. An
    exception here switches the plugin off; a ValueError of `normalise` is shown at the field.
    """
    raise AssertionError("a specification is never called")


@hookspec
def mail_readers() -> Sequence[MailReader]:
    """Add readers of mail boxes.

    Called once when the plugin is loaded. Return the readers, each of one kind of connection; a worker opens the boxes
    of that kind by them. An exception here switches the plugin off; one in `open` leaves the box for the next look.
    """
    raise AssertionError("a specification is never called")


@hookspec
def sign_in_ways() -> Sequence[SignInWay]:
    """Add ways to sign in elsewhere.

    Called once when the plugin is loaded. Return the ways; the log-in page offers those that the operator has set up.
    An exception here switches the plugin off; one in `begin` or `finish` refuses that log-in.
    """
    raise AssertionError("a specification is never called")


@hookspec
def pages() -> Sequence[PluginPage]:
    """Add pages.

    Called once when the plugin is loaded. Return the pages; each is open to who has its right, and to nobody else. An
    exception here switches the plugin off; one in `show` is told in place of the page, and nothing else fails.
    """
    raise AssertionError("a specification is never called")


@hookspec
def on_start(context: StartContext) -> None:
    """Prepare for work.

    Called once when a server or worker has started, before it takes requests or runs. Nothing is returned. An exception
    switches the plugin off; the server goes on.
    """


@hookspec
def on_stop() -> None:
    """Let go of what `on_start` took.

    Called once when a server or worker stops. Nothing is returned. An exception is logged and changes nothing.
    """
