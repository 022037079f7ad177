"""Documents of rules, from the save to the attachment and the mail: whose rights, how often, with which files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pypdfium2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from PIL import Image

from engine.access.actor import Actor, system_actor
from engine.platform import Platform
from metamodel.values import Ref
from tests.support.automation import APP, do_runs, person, rows_of, runs_of, shop
from tests.support.mail_server import mail_server

OFFER = (
    "---\nobject: deal\nlanguage: zh\nsubject: Offer {{ record.name }}\nheader: Shop 商店|{{ record.name }}\n---\n"
    "# 报价 {{ record.name }}\n\n{{ record.amount }} until {{ record.sent_on }}; secret: {{ record.secret }}, "
    "{{ record.account_no }}.\n\n"
    "![Photo](record.photo)\n\n| What | How many |\n| :-- | --: |\n"
    "{% for line in record.lines %}\n| {{ line.name }} | {{ line.quantity }} |\n{% endfor %}\n"
)
HELLO = "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: Shop <shop@example.com>\n---\nHello.\n"
FILES = {
    "templates/offer.md": OFFER,
    "templates/hello.md": HELLO,
    "objects/deal.yaml": APP["objects/deal.yaml"].replace(
        "note: {type: text}", "note: {type: text}\n          photo: {type: image}\n          account_no: {type: text}"
    ),
    "roles/rep.yaml": APP["roles/rep.yaml"].rstrip() + "\n        fields:\n          deal.account_no: {read: masked}\n",
}
RULES = """
    rule r when deal.stage changes to "won"
    then
      generate document offer as file
      send email hello with document file, offer to owner
      post comment "Made {file.name}"
"""


class _Mails:
    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.refuse = 0
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        return "250 OK"

    @property
    def settings(self) -> dict[str, str]:
        given = {"HOST": "127.0.0.1", "PORT": str(self.port), "SECURITY": "none"}
        return {f"FIELDSTONE_PLUGIN_EMAIL_{name}": value for name, value in given.items()}


@pytest.fixture
def mails() -> Iterator[_Mails]:
    handler = _Mails()
    with mail_server(handler) as handler.port:
        yield handler


def _text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def _deal(platform: Platform, owner: Actor) -> str:
    values = {"name": "Pumps 水泵", "amount": "1200", "secret": "hush", "sent_on": "2026-11-22", "account_no": "4711"}
    deal = platform.records.create(system_actor(), "deal", {**values, "owner": Ref("user", owner.user_id or "")})
    for name in ("阀门 | **Valve**", "<b>{{ record.secret }}</b>"):
        platform.records.create(system_actor(), "line", {"deal": deal.record.id, "name": name, "quantity": 3})
    return deal.record.id


def test_documents_are_filed_once_and_go_with_mails(database_url: str, tmp_path: Path, mails: _Mails) -> None:
    mails.refuse = 2
    with shop(database_url, tmp_path, RULES, files=FILES, environment=mails.settings) as platform:
        ann = person(platform, "ann", "rep")
        deal = _deal(platform, ann)
        platform.records.update(ann, "deal", deal, {"stage": "won"})
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["error"] is None
        attached = rows_of(platform, "attachment")
        assert [row["name"] for row in attached] == ["Offer Pumps 水泵.pdf"] * 2
        files = [platform.files.open(ann, row["file"].id) for row in attached]
        first, second = (file.path.read_bytes() for file in files)
        # The same values give the same bytes, whenever and however often they are set.
        assert first == second
        text = _text(first)
        assert "报价 Pumps 水泵" in text
        assert "¥1,200.00 until 2026年11月22日; secret: , ••••1." in text
        assert "阀门 | **Valve** 3" in text
        assert "<b>{{ record.secret }}</b> 3" in text
        assert "hush" not in text
        (message,) = mails.received
        sent = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
        assert sent == {"Offer Pumps 水泵.pdf": first}
        assert len(list(message.iter_attachments())) == 2
        assert [row["text"] for row in rows_of(platform, "comment")] == ["Made Offer Pumps 水泵.pdf"]
        trace = platform.automation.runs.get(system_actor(), run["id"])
        made = next(step for step in trace.steps if step.kind == "generate document")
        assert "may not read it: account_no, secret" in str(made.result)
        page = platform.records.related(ann, "deal", deal, "attachments")
        assert len(page.rows) == 2


def test_a_photo_of_the_record_stands_in_its_document(sqlite_url: str, tmp_path: Path) -> None:
    rules = 'rule r when deal.stage changes to "won" then generate document offer'
    with shop(sqlite_url, tmp_path, rules, files=FILES) as platform:
        boss = person(platform, "bob", "boss")
        deal = _deal(platform, boss)
        drawn = io.BytesIO()
        Image.new("RGB", (40, 30), "red").save(drawn, "PNG")
        photo = platform.files.upload(boss, "deal", "photo", io.BytesIO(drawn.getvalue()), "red.png")
        platform.records.update(boss, "deal", deal, {"photo": photo.id, "stage": "won"})
        do_runs(platform)
        assert [run["error"] for run in runs_of(platform)] == [None]
        (attached,) = rows_of(platform, "attachment")
        document = pypdfium2.PdfDocument(platform.files.open(boss, attached["file"].id).path)
        picture = document[0].render(scale=1).to_pil().convert("RGB")
        assert (255, 0, 0) in {color for _, color in picture.getcolors(1_000_000) or ()}
        # Who may read the secret has it in the document.
        assert "secret: hush, 4711" in document[0].get_textpage().get_text_range()


def test_a_tried_rule_lists_its_documents_and_makes_none(sqlite_url: str, tmp_path: Path) -> None:
    with shop(sqlite_url, tmp_path, RULES, files=FILES) as platform:
        ann = person(platform, "ann", "boss")
        deal = _deal(platform, ann)
        tried = platform.automation.insight.try_rule(system_actor(), "r", deal)
        assert [intent.kind for intent in tried.outside] == ["document", "document", "mail"]
        assert tried.trace.summary.state == "done"
        assert rows_of(platform, "attachment") == []


def test_who_may_not_file_attachments_makes_no_document(sqlite_url: str, tmp_path: Path) -> None:
    rules = "rule r when deal is created then generate document offer as owner"
    with shop(sqlite_url, tmp_path, rules, files=FILES) as platform:
        _deal(platform, person(platform, "eve"))
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["state"] == "failed"
        assert "attachment" in run["error"]
        assert rows_of(platform, "attachment") == []
