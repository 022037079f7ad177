"""All that rules tell people and other systems, in one run: values of the record as the rule's user may read them."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType

import pypdfium2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from engine.access.actor import system_actor
from metamodel.values import Ref
from plugins import ActionContext, ActionDone, RuleAction, hookimpl
from plugins.discovery import Candidate, bundled_candidates
from plugins.manager import PluginManager
from tests.support.automation import APP, do_runs, person, rows_of, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink
from tests.support.mail_server import mail_server

TOLD = "{name}/{amount}/{secret}"
FILLED = "{{ record.name }}/{{ record.amount | money }}/{{ record.secret }}."
RULES = f"""
    rule r when deal.stage changes to "won"
    then
      notify owner "{TOLD}"
      send email hello to owner
      send sms thanks to "+8613800138000"
      send survey nps to owner
      post comment "{TOLD}"
      create task {{ subject: "{TOLD}", assignee: owner }}
      generate document offer as file
      call webhook sink {{ name: name, secret: secret }}
      call echo.say {{ text: "{TOLD}" }} as said
      log "{{said.heard}}"
"""


class _Mails:
    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        return "250 OK"


def _echo() -> Candidate:
    def say(context: ActionContext, inputs: Mapping[str, object]) -> ActionDone:
        return ActionDone(summary="said", value={"heard": str(inputs["text"])})

    module = ModuleType("test_plugin_echo", "A plugin that gives back what it is told.")
    action = RuleAction(name="echo.say", summary="Says it.", run=say)
    module.rule_actions = hookimpl(lambda: [action])  # type: ignore[attr-defined]
    manifest = "{name: echo, version: '1.0', api: 1, summary: For a test.}"
    return Candidate(name="echo", import_module=lambda: module, read_manifest=lambda _: manifest)


def _files(sink: HttpSink) -> dict[str, str]:
    front = "---\nobject: deal\nsubject: About {{ record.name }}\n"
    return {
        "app.yaml": APP["app.yaml"].replace("currency: CNY", "currency: CNY\n        country: CN"),
        "roles/rep.yaml": APP["roles/rep.yaml"].replace("user: {", "task: {read: all, create: yes}\n          user: {"),
        "connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\nsecret: SHOP_HOOK\n",
        "connections/sms.yaml": f"connection: sms\nkind: sms_gateway\nurl: {sink.url}\n",
        "objects/answer.yaml": "object: answer\nfields:\n  score: {type: integer}\n",
        "forms/nps.yaml": "form: nps\nkind: survey\nobject: answer\nrole: guest\ntemplate: ask\nfields: [score]\n",
        "roles/guest.yaml": "role: guest\nobjects: {answer: {read: own, create: yes}}\n",
        "templates/hello.md": f"{front}---\n{FILLED}\n",
        "templates/ask.md": f"{front}---\n{FILLED} {{{{ url() }}}}\n",
        "templates/thanks.md": f"---\nobject: deal\n---\n{FILLED}\n",
        "templates/offer.md": f"{front}footer: ''\n---\n{FILLED}\n",
    }


@pytest.mark.promise("RUL-13")
def test_what_rules_tell_has_the_values_that_their_user_may_read(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_HOOK", "s3cret")
    mails = _Mails()
    with mail_server(mails) as port, http_sink() as sink:
        own = {f"FIELDSTONE_PLUGIN_{each}_PRIVATE_HOSTS": f'["{sink.host}"]' for each in ("SMS", "WEBHOOK")}
        mail = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "SENDER": "crm@example.com"}
        environment = {**own, **{f"FIELDSTONE_PLUGIN_EMAIL_{name}": value for name, value in mail.items()}}
        plugins = PluginManager.load(candidates=[*bundled_candidates(), _echo()], environment=environment)
        files, base = _files(sink), "https://crm.example.com"
        with shop(database_url, tmp_path, RULES, files=files, plugins=plugins, base_url=base) as platform:
            ann = person(platform, "ann", "rep")
            values = {"name": "Pumps 阀门", "amount": "1200", "secret": "hush", "owner": Ref("user", ann.user_id or "")}
            deal = platform.records.create(system_actor(), "deal", values).record.id
            platform.records.update(ann, "deal", deal, {"stage": "won"})
            do_runs(platform)
            (run,) = runs_of(platform)
            assert run["error"] is None
            told = "Pumps 阀门/1,200.00 CNY/"
            assert [each.text for each in platform.automation.inbox.list(ann)] == [told]
            assert [row["text"] for row in rows_of(platform, "comment")] == [told]
            assert [row["subject"] for row in rows_of(platform, "task")] == [told]
            steps = platform.automation.runs.get(system_actor(), run["id"]).steps
            assert told in str(next(step for step in steps if step.kind == "log").result)
            (attached,) = rows_of(platform, "attachment")
            document = pypdfium2.PdfDocument(platform.files.open(ann, attached["file"].id).path)
            text = document[0].get_textpage().get_text_range()
            assert "hush" not in str([(step.result, step.effects) for step in steps])
        bodies = [body.get_content() for each in mails.received if (body := each.get_body(("plain",)))]
        sms, hook = (received.body for received in sink.received)
        filled = "Pumps 阀门/1,200.00/."
        assert [body.strip().split(" https")[0] for body in bodies] == [filled, filled]
        assert {each["Subject"] for each in mails.received} == {"About Pumps 阀门"}
        assert sms == {"to": "+8613800138000", "text": filled}
        assert hook == {"name": "Pumps 阀门", "secret": None}
        assert text.strip() == "Pumps 阀门/¥1,200.00/."
