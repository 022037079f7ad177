"""A process that dies at each named point of a save and its runs: all of it is there afterwards, once, or nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.platform import Platform
from tests.support.automation import do_runs, rows_of, runs_of, shop
from tests.support.mail_server import mail_server
from tests.support.worker_process import die_at_each_point, open_runs, save_deals, wait_until, worker

RULES = """
    rule tasks
      when deal is created
      then create job { subject: "A", deal: this }
           set count = coalesce(count, 0) + 1
    rule told
      when deal is created
      then send email hello to "x@example.com"
           create job { subject: "B", deal: this }
    rule later
      when deal is created
      then wait 1 second
           create job { subject: "C", deal: this }
    """
TEMPLATE = {
    "templates/hello.md": '---\nobject: deal\nsubject: "{{ record.name }}"\nfrom: Shop <shop@example.com>\n---\nHello\n'
}


class Mails:
    """Subject → the Message-IDs that came under it."""

    def __init__(self) -> None:
        self.received: dict[str, list[str]] = {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"")
        self.received.setdefault(str(message["Subject"]), []).append(str(message["Message-ID"]))
        return "250 OK"


@pytest.mark.faults
@pytest.mark.promise("RUN-02")
def test_a_process_killed_at_each_point_of_a_save_and_its_runs_leaves_all_of_it_once_or_nothing(
    database_url: str, tmp_path: Path
) -> None:
    mails = Mails()
    with shop(database_url, tmp_path, RULES, files=TEMPLATE) as platform, mail_server(mails) as port:
        environment = {
            "FIELDSTONE_PLUGIN_EMAIL_HOST": "127.0.0.1",
            "FIELDSTONE_PLUGIN_EMAIL_PORT": str(port),
            "FIELDSTONE_PLUGIN_EMAIL_SECURITY": "none",
        }
        points = die_at_each_point(database_url, tmp_path, environment=environment)
        # The save: three. Of each run at least its taking; of each step three; of the mail and the wait one more.
        assert points >= 3 + 3 + 4 * 3 + 2
        deals = {row["name"]: row for row in rows_of(platform, "deal")}
        # The process that died at the first point of its save has left nothing of it.
        assert "deal 1" not in deals
        assert {f"deal {number}" for number in range(4, points + 2)} <= set(deals)
        assert_each_once(platform, {row["id"] for row in deals.values()})
        assert all(row["count"] == 1 for row in deals.values())
        assert set(mails.received) == set(deals)
        # A mail that came again carries the name of the first.
        assert all(len(set(each)) == 1 for each in mails.received.values())


def assert_each_once(platform: Platform, deals: set[str]) -> None:
    """Each deal has its three runs, each done, each step of them on record once, and each job once."""
    runs = {run["id"]: run for run in runs_of(platform)}
    assert Counter((run["rule"], run["record_id"]) for run in runs.values()) == {
        (rule, deal): 1 for rule in ("tasks", "told", "later") for deal in deals
    }
    assert {run["state"] for run in runs.values()} == {"done"}
    step = platform.system.run_step
    with platform.database.read() as connection:
        done = connection.execute(select(step.c.run_id, step.c.path).where(step.c.outcome != "failed"))
        steps = Counter(map(tuple, done))
    assert steps == {(run_id, f"actions/{at}"): 1 for run_id in runs for at in (0, 1)}
    jobs = Counter((job["subject"], job["deal"]) for job in rows_of(platform, "job"))
    assert jobs == {(letter, deal): 1 for letter in "ABC" for deal in deals}


@pytest.mark.faults
@pytest.mark.promise("RUN-01")
def test_what_runs_is_decided_with_the_save_and_committed_with_it(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule won when deal.stage changes from "open" to "won" if amount > 5 CNY and old.amount > 1 CNY
          then create job { subject: name, deal: this }
        rule seen when deal is created then set note = "seen"
        """
    with shop(database_url, tmp_path, rules) as platform:
        decided_by_old_and_this(platform)
        rolled_back(platform)
        killed_around_the_commit(platform, database_url, tmp_path)


def decided_by_old_and_this(platform: Platform) -> None:
    """Change what a rule's condition reads after the save that it was judged in, before its runs are done."""
    records, actor = platform.records, system_actor()
    names = {"matches": ("10", "1"), "too little": ("3", "10"), "too little before": ("1", "10")}
    for name, (amount, later) in names.items():
        deal = records.create(actor, "deal", {"name": name, "amount": "1" if "before" in name else "2"}).record.id
        amount = "9" if "before" in name else amount
        records.update(actor, "deal", deal, {"stage": "won", "amount": amount})
        records.update(actor, "deal", deal, {"stage": "lost", "amount": later})
    assert [run["rule"] for run in runs_of(platform)].count("won") == 1
    do_runs(platform)
    assert [job["subject"] for job in rows_of(platform, "job")] == ["matches"]
    assert Counter(run["rule"] for run in runs_of(platform)) == {"won": 1, "seen": 3}


def rolled_back(platform: Platform) -> None:
    """Save, and have the transaction taken back."""
    before = len(runs_of(platform))
    with suppress(ZeroDivisionError), platform.records.transaction(system_actor()) as transaction:
        transaction.create("deal", {"name": "never"})
        raise ZeroDivisionError
    assert len(runs_of(platform)) == before
    assert "never" not in {row["name"] for row in rows_of(platform, "deal")}


def killed_around_the_commit(platform: Platform, database_url: str, folder: Path) -> None:
    """Kill who saves, just before a commit and just after one."""
    known = {row["id"] for row in rows_of(platform, "deal")}
    for point, saved in (("save.matched:4", 3), ("save.before_commit:4", 3), ("save.committed:4", 4)):
        acknowledged = save_deals(database_url, folder, 10, crash_at=point)
        new = {row["id"] for row in rows_of(platform, "deal")} - known
        assert len(acknowledged) == 3
        assert set(acknowledged) <= new
        # Alone in its transaction a save may be one statement that commits itself.
        assert len(new) == saved or (point.startswith("save.before") and len(new) == 4)
        assert Counter(run["record_id"] for run in runs_of(platform) if run["record_id"] in new) == dict.fromkeys(
            new, 1
        )
        known |= new
    with worker(database_url, folder):
        wait_until(lambda: open_runs(platform) == 0)
    assert {row["note"] for row in rows_of(platform, "deal")} == {"seen"}
