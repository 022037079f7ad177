"""Hands what leaves to the plugin that offers the action, with the services it may use and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.automation.approval_letters import SEAT, TEMPLATE
from engine.automation.calls.run_events import RunEvents, Tell
from engine.automation.outside import Outgoing
from engine.automation.run_state import Run, StepFailed
from engine.automation.time_limit import TimeLimitReached, within
from engine.automation.veil import Veil, VeiledEgress, veil_of
from engine.automation.webhook_calls.tries import CALL, WebhookTries
from engine.clock import Clock
from engine.process_memory import NEEDS_MORE
from metamodel.apps import ConnectionDef, Metamodel, TemplateDef
from plugins.contexts import ActionContext, EgressClient, RecordAccess, SentParts, TemplateSource
from plugins.contributions import ActionDone, ActionFailed, MadeFile
from plugins.egress import EgressLimits, EgressPolicy, SafeEgress
from plugins.events import OwnEvents
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager

Secrets = Callable[[str], str | None]


@dataclass(slots=True, kw_only=True)
class PluginCourier:
    """The courier of one run.

    secrets: name → value of a secret that a connection names. allowed_hosts: hosts of the own network that the operator
    lets plugins call. files_of: gives the files of attachments. tell: starts the rules that wait for plugins' events.
    """

    run: Run
    metamodel: Metamodel
    plugins: PluginManager
    records: RecordAccess
    files_of: Callable[[Sequence[str]], Sequence[MadeFile]]
    clock: Clock
    secrets: Secrets
    allowed_hosts: Sequence[str]
    app_settings: Callable[[], Mapping[str, Any]]
    user: Mapping[str, Any]
    tell: Tell
    webhooks: WebhookTries

    def deliver(self, outgoing: Outgoing, *, path: str, attempt: int, parts: SentParts) -> ActionDone:
        """Call the plugin's action.

        Raises:
            ActionFailed: it failed, or gave no answer in its time.
            StepFailed: no plugin offers it, or what it names is gone.
        """
        found = self.plugins.find_action(outgoing.action)
        if found is None:
            raise StepFailed(f"No plugin that is switched on offers '{outgoing.action}'.", permanent=False)
        plugin, action = found
        is_off = self._is_off(outgoing)
        if is_off is not None:
            return is_off
        try:
            context, inputs = self._context(plugin, path, attempt, parts, outgoing), self._inputs(outgoing)
            done = within(action.timeout_s, lambda: action.run(context, inputs), name=f"action {action.name}")
            veil = self._veil()
            return replace(done, summary=veil.over(done.summary), value=veil.over(dict(done.value)))
        except StepFailed:
            raise
        except ActionFailed as failed:
            reason = self._veil().over(failed.reason)
            raise ActionFailed(reason, permanent=failed.permanent, retry_after_s=failed.retry_after_s) from None
        except TimeLimitReached:
            reason = f"The action {action.name} gave no answer within {action.timeout_s:g} seconds."
            raise ActionFailed(reason, permanent=False) from None
        except MemoryError:
            raise ActionFailed(f"The action {action.name} needed {NEEDS_MORE}.", permanent=False) from None
        except Exception as error:
            raise ActionFailed(self._veil().over(f"The plugin {plugin.manifest.name} failed: {error!r}")) from None

    def _veil(self) -> Veil:
        return veil_of(self.metamodel.connections.values(), self.secrets)

    def _is_off(self, outgoing: Outgoing) -> ActionDone | None:
        if outgoing.action != CALL:
            return None
        connection = self._connection(str(outgoing.inputs["connection"]))
        if self.webhooks.off(connection) is None:
            return None
        summary = f"not sent: the webhook '{connection.name}' is switched off since it answered 410 (gone)"
        return ActionDone(summary=summary, delivered=False)

    def _inputs(self, outgoing: Outgoing) -> Mapping[str, object]:
        if SEAT in outgoing.inputs:
            return {"template": TEMPLATE, "to": outgoing.inputs["to"]}
        if outgoing.action == "send_email":
            files = self.files_of(outgoing.inputs.get("documents") or ())
            template = self._template(str(outgoing.inputs["template"]))
            # What the rule does next may rest on it, so a mail that stays is a failure.
            return {"template": template, "to": outgoing.inputs["to"], "files": files, "must_leave": True}
        if outgoing.action == "generate_document":
            return {"template": self._template(str(outgoing.inputs["template"]))}
        if outgoing.action == CALL:
            connection = self._connection(str(outgoing.inputs["connection"]))
            return {
                "name": connection.name,
                "url": connection.options.get("url", ""),
                "secret": self._secret(connection),
                "body": outgoing.inputs["body"],
            }
        if outgoing.action == "send_sms":
            gateway = self._connection(str(outgoing.inputs["gateway"]))
            return {
                "template": self._template(str(outgoing.inputs["template"])),
                "gateway": {"name": gateway.name, **gateway.options},
                "secret": self._secret(gateway) if outgoing.inputs["to"] else None,
                "to": outgoing.inputs["to"],
                "without": outgoing.inputs["without"],
            }
        return outgoing.inputs

    def _template(self, name: str) -> TemplateSource:
        template: TemplateDef | None = self.metamodel.templates.get(name)
        if template is None:
            raise StepFailed(f"The template '{name}' is gone.")
        return TemplateSource(
            name=name,
            subject=template.subject.text,
            body=template.body.text,
            sender=template.sender,
            reply_to=template.reply_to,
            cc=template.cc,
            language=template.language,
            header=template.header.text if template.header is not None else None,
            footer=template.footer.text if template.footer is not None else None,
            paper=template.paper,
        )

    def _connection(self, name: str) -> ConnectionDef:
        connection = self.metamodel.connections.get(name)
        if connection is None:
            raise StepFailed(f"The connection '{name}' is gone.")
        return connection

    def _secret(self, connection: ConnectionDef) -> str | None:
        name = connection.options.get("secret")
        if name is None:
            return None
        value = self.secrets(str(name))
        if value is None:
            raise StepFailed(f"The secret '{name}' of connection '{connection.name}' is not set.", permanent=False)
        return value

    def _context(
        self, plugin: LoadedPlugin, path: str, attempt: int, parts: SentParts, outgoing: Outgoing
    ) -> ActionContext:
        settings = plugin.settings
        private = settings.get("private_hosts") or ()
        own = tuple(str(host) for host in private) if isinstance(private, list | tuple) else ()
        total_s = float(str(settings.get("timeout_s") or EgressLimits().total_s))
        direct = SafeEgress(
            EgressPolicy(hosts=plugin.manifest.hosts, private_hosts=(*own, *self.allowed_hosts)),
            EgressLimits(total_s=total_s, answer_bytes=int(str(settings.get("answer_bytes") or 65_536))),
        )
        egress: EgressClient = VeiledEgress(direct, self._veil())
        if outgoing.action == CALL:
            name = str(outgoing.inputs["connection"])
            egress = self.webhooks.watch(egress, run=self.run, path=path, connection=name)
        return ActionContext(
            run_id=self.run.id,
            rule=self.run.rule,
            path=path,
            attempt=attempt,
            idempotency_key=self.run.key(path),
            now=self.clock.now(),
            records=self.records,
            egress=egress,
            settings=settings,
            app_settings=self.app_settings(),
            user=self.user,
            parts=parts,
            events=OwnEvents(plugin=plugin, sink=RunEvents(run=self.run, path=path, start=self.tell)),
        )
