"""Each hook is used by a shipped plugin, and what it adds arrives."""

from __future__ import annotations

import datetime as dt
import inspect
import logging
import re
from pathlib import Path

import pytest

from plugins import ActionFailed, Answer, EventUnknown, PageContext, hookspecs
from plugins.discovery import bundled_candidates
from plugins.manager import PluginManager
from plugins.testing import RecordedEgress, RecordedEvents, action_context, check_plugin

DOCS = Path(__file__).resolve().parents[2] / "docs" / "plugin_hooks.md"


@pytest.fixture(scope="module")
def shipped() -> PluginManager:
    return PluginManager.load(candidates=bundled_candidates(), environment={})


def _hook_names() -> set[str]:
    found = inspect.getmembers(hookspecs, inspect.isfunction)
    return {name for name, function in found if hasattr(function, "fieldstone_spec")}


def test_hook_rule_actions(shipped: PluginManager) -> None:
    assert {"send_email", "call_webhook", "send_sms"} <= set(shipped.action_names)
    found = shipped.find_action("call_webhook")
    assert found is not None
    assert found[0].manifest.name == "webhook"


def test_hook_mail_readers(shipped: PluginManager) -> None:
    found = shipped.find_mail_reader("mailbox")
    assert found is not None
    assert (found[0].manifest.name, found[0].manifest.hosts, found[1].kind) == ("email", ("*",), "mailbox")
    assert shipped.find_mail_reader("calendar") is None


def test_hook_sign_in_ways() -> None:
    settings = {"issuer": "https://login.example.com", "client_id": "crm"}
    ((plugin, way),) = PluginManager.load({"sso": settings}).sign_in_ways()
    assert (plugin.manifest.name, way.name, way.label(plugin.settings)) == ("sso", "sso", "login.example.com")
    assert PluginManager.load({"sso": {"issuer": "https://login.example.com"}}).sign_in_ways() == []


def test_hook_pages(shipped: PluginManager) -> None:
    ((plugin, page),) = shipped.pages
    assert (plugin.manifest.name, page.name, page.right) == ("email", "email.sending", "configure")
    now = dt.datetime.now(dt.UTC)
    found = page.show(PageContext(settings=plugin.settings, language="en", login="a@example.com", now=now))
    assert "No mail server is set" in found.text[0]
    ((plugin, page),) = PluginManager.load({"email": {"host": "mail.example.com", "password": "s3cret"}}).pages
    found = page.show(PageContext(settings=plugin.settings, language="zh", login="a@example.com", now=now))
    assert ("服务器", "mail.example.com:587") in found.facts
    assert ("密码", "已设置") in found.facts
    assert "s3cret" not in str(found)


def test_hook_expression_functions(shipped: PluginManager) -> None:
    (function,) = shipped.functions
    assert function.name == "email_domain"
    assert function.call("Ann@Example.COM") == "example.com"
    assert function.call("nobody") is None


def test_hook_rule_events(shipped: PluginManager) -> None:
    assert shipped.event_names == ("webhook.refused",)
    found = shipped.find_action("call_webhook")
    assert found is not None
    plugin, action = found
    events = RecordedEvents()
    contexts = []
    for status in (503, 410):
        egress = RecordedEgress(answers=[Answer(status=status, headers={}, body=b"gone")])
        contexts.append(action_context(plugin, egress=egress, events=events, key="run-1:actions/0"))
        with pytest.raises(ActionFailed):
            action.run(contexts[-1], {"name": "finance", "url": "https://x.example", "body": {}})
    told = {"connection": "finance", "status": 410, "answer": "gone"}
    assert events.told == [("webhook.refused", told, "run-1:actions/0")]
    with pytest.raises(EventUnknown, match=r"declares no event 'webhook\.refusd'; did you mean 'webhook\.refused'"):
        contexts[0].events.tell("webhook.refusd", {})


def test_hook_field_types(shipped: PluginManager) -> None:
    (iban,) = shipped.field_types
    assert iban.normalise("de89 3704-0044 0532 0130 00") == "DE89370400440532013000"
    with pytest.raises(ValueError, match="check digits of this IBAN do not fit"):
        iban.normalise("DE89370400440532013001")
    with pytest.raises(ValueError, match="11 to 30 letters or digits"):
        iban.normalise("12345")


def test_hook_on_start(caplog: pytest.LogCaptureFixture) -> None:
    manager = PluginManager.load(candidates=bundled_candidates(), environment={})
    with caplog.at_level(logging.INFO):
        manager.start()
    assert "no mail server is set" in caplog.text


def test_hook_on_stop(caplog: pytest.LogCaptureFixture) -> None:
    manager = PluginManager.load(candidates=bundled_candidates(), environment={})
    with caplog.at_level(logging.DEBUG):
        manager.stop()
    assert "mail out is stopped" in caplog.text


def test_every_hook_is_used_by_a_shipped_plugin_and_has_a_test(shipped: PluginManager) -> None:
    used = {
        name
        for plugin in shipped.active
        for name, function in inspect.getmembers(plugin.module, inspect.isfunction)
        if hasattr(function, "fieldstone_impl")
    }
    assert used == _hook_names()
    assert {f"test_hook_{name}" for name in _hook_names()} <= set(globals())


def test_every_hook_is_documented_and_every_documented_hook_exists() -> None:
    assert set(re.findall(r"^## `(\w+)`", DOCS.read_text(), re.MULTILINE)) == _hook_names()


@pytest.mark.parametrize("candidate", bundled_candidates(), ids=lambda candidate: candidate.name)
def test_shipped_plugins_keep_the_contract(candidate: object) -> None:
    assert check_plugin(candidate) == []  # type: ignore[arg-type]
