"""What is attached to a received mail: kept by the rules of uploads, filed with what the run creates, gone with it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine.access.actor import Origin, system_actor
from engine.automation.mail_in.files import OF_RUNS
from engine.automation.retention import Retention
from engine.clock import FixedClock
from engine.errors import RecordNotFound
from engine.platform import Platform
from tests.support.automation import do_runs, person, rows_of, runs_of, shop

START = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
BOX = (
    "connection: inbox\nkind: mailbox\nhost: 127.0.0.1\nsecurity: none\nuser: shop\nsecret: SHOP_INBOX\n"
    "addresses: [sales@example.com, help@example.com]\n"
)
RULES = """
rule lead when email is received at "sales@example.com"
  then create deal { name: mail.subject } as made create job { subject: "call", deal: made }
rule second when email is received at "sales@example.com" then wait 3 days create job { subject: "later" }
rule mute when email is received at "help@example.com" then log "{mail.subject}"
"""
ROLE = "role: machine\nobjects:\n  deal: {read: all, create: yes}\n  job: {read: all, create: yes}\n"
MAIL = """From: li@buyer.example
To: {to}
Subject: {subject}
Message-ID: <{subject}@buyer.example>
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: text/plain

See the files.
--m
Content-Type: text/plain; name="=?utf-8?b?6K+i5Lu3LnR4dA==?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

5Y2B5Y+w
--m
Content-Type: application/pdf; name="offer.pdf"
Content-Disposition: attachment; filename="../offer.pdf"

no such thing
--m--
"""


def take_in(platform: Platform, subject: str, to: str = "sales@example.com") -> None:
    """Take a mail in as a mail box gives it, and do what it starts."""
    mails = platform.automation.calls.mails
    mails.take_in(mails.boxes()[0], MAIL.format(to=to, subject=subject).encode())
    do_runs(platform, waits_too=False)


def files_of_runs(platform: Platform) -> list[Any]:
    table = platform.system.file
    with platform.database.read() as connection:
        return list(connection.execute(select(table).where(table.c.object == OF_RUNS)).all())


def test_files_of_a_mail_are_filed_with_the_first_record_of_each_run(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    files = {"connections/inbox.yaml": BOX, "roles/machine.yaml": f"{ROLE}  attachment: {{read: own, create: yes}}\n"}
    with shop(database_url, tmp_path, RULES, clock=clock, files=files) as platform:
        ann = person(platform, "ann", "rep")
        take_in(platform, "one")
        take_in(platform, "one")
        take_in(platform, "two", to="help@example.com")
        (deal,), (filed,) = rows_of(platform, "deal"), rows_of(platform, "attachment")
        assert (filed["about"].object, filed["about"].id) == ("deal", deal["id"])
        file = filed["file"]
        assert (file.name, file.type, platform.files.open(ann, file.id).path.read_text()) == (
            "询价.txt", "text/plain", "十台",
        )  # fmt: skip
        (run,) = [each for each in runs_of(platform) if each["rule"] == "lead"]
        steps = platform.automation.runs.get(system_actor(Origin.RULE), run["id"]).steps
        assert [effect["object"] for effect in steps[0].effects] == ["deal", "attachment"]
        assert "offer.pdf" in steps[0].result["message"]
        assert [effect["object"] for effect in steps[1].effects] == ["job"]
        # Those of a run that waits are kept for it, beyond the time of uploads, and opened by nobody.
        clock.move_to(START + dt.timedelta(days=2))
        platform.file_collector.collect()
        kept = files_of_runs(platform)
        assert {each.record_id for each in kept} == {each["id"] for each in runs_of(platform)}
        for actor in (ann, system_actor()):
            for each in kept:
                try:
                    platform.files.open(actor, each.id)
                    raise AssertionError("nobody opens a file of a run")
                except RecordNotFound:
                    pass
        clock.move_to(START + dt.timedelta(days=4))
        platform.automation.keeper().tick()
        do_runs(platform)
        later = [row["id"] for row in rows_of(platform, "job") if row["subject"] == "later"]
        assert [row["about"].id for row in rows_of(platform, "attachment")] == [deal["id"], *later]
        clock.move_to(START + dt.timedelta(days=120))
        index_of = platform.automation.index
        Retention(platform.database, platform.system, clock, platform.releases.current, index_of).delete_old()
        platform.file_collector.collect()
        assert files_of_runs(platform) == []
        assert platform.files.open(ann, file.id).path.read_text() == "十台"


def test_a_rule_that_may_not_file_says_so_and_goes_on(database_url: str, tmp_path: Path) -> None:
    # Whoever reads nothing of attachments can fill none of their fields.
    files = {"connections/inbox.yaml": BOX, "roles/machine.yaml": f"{ROLE}  attachment: {{create: yes}}\n"}
    with shop(database_url, tmp_path, RULES, files=files) as platform:
        take_in(platform, "one")
        assert (len(rows_of(platform, "deal")), rows_of(platform, "attachment")) == (1, [])
        (run,) = [each for each in runs_of(platform) if each["rule"] == "lead"]
        said = platform.automation.runs.get(system_actor(Origin.RULE), run["id"]).steps[0].result["message"]
        assert "询价.txt: the rule's user may not create attachments" in said
