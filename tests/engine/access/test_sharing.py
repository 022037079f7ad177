"""Records that are shared by hand: who has them, for what and until when, and who may share them with whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.access.actor import Actor, system_actor
from engine.clock import FixedClock
from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from engine.platform import Platform
from engine.records.merging.merging import MergeRequest, merge_records
from engine.records.record_state import record_state
from engine.records.sharing.sharees import Sharee, ShareeKind
from engine.records.types import ListQuery
from engine.storage.database import Database
from metamodel.values import Ref
from tests.support.platforms import applied_platform, write_files

NOON = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 23)
END = dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
"""When that day is over in Shanghai."""
FILES = {
    "objects/note.yaml": """
        object: note
        title: "{name}"
        fields:
          name: {type: text, required: true}
          other: {type: lookup, to: note, inverse: others}
    """,
    "objects/part.yaml": """
        object: part
        fields:
          note: {type: child_of, to: note, inverse: parts, required: true}
          name: {type: text}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          note: {read: own or shared, create: yes, update: own or shared, delete: own or shared, export: own or shared}
          part: {read: all, create: yes, update: all, delete: all}
          user: {read: all, update: all}
          team: {read: all}
    """,
    "roles/helper.yaml": "role: helper\nincludes: [rep]\n",
    "roles/reader.yaml": "role: reader\nobjects: {note: {read: all}, user: {read: all}, team: {read: all}}\n",
    "roles/clerk.yaml": "role: clerk\nincludes: [reader]\nsystem: [share]\n",
    "roles/blind.yaml": "role: blind\nobjects: {note: {read: all, update: all}}\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The app and who works with it: ann owns notes; bob is in the east team, hal is a helper."""

    platform: Platform
    clock: FixedClock
    folder: Path
    people: dict[str, Actor]
    east: str

    def note(self) -> str:
        return self.platform.records.create(self.people["ann"], "note", {"name": "A note"}).record.id

    def sharee(self, kind: str) -> tuple[Sharee, Actor]:
        """Give somebody to share with, and a person whom that reaches."""
        bob, hal = self.people["bob"], self.people["hal"]
        if kind == "user":
            return Sharee(ShareeKind.USER, bob.user_id or ""), bob
        return (Sharee(ShareeKind.TEAM, self.east), bob) if kind == "team" else (Sharee(ShareeKind.ROLE, "helper"), hal)

    def share(self, who: str, note: str, sharee: Sharee, level: str = "read", until: dt.date | None = None) -> bool:
        return self.platform.sharing.share(self.people[who], "note", note, sharee, edits=level == "edit", until=until)

    def may(self, actor: Actor, note: str) -> tuple[bool, bool, bool, bool]:
        """Say whether somebody finds a note in the list, reads it, is offered to change it, and changes it."""
        records = self.platform.records
        listed = any(row.id == note for row in records.list(actor, ListQuery(object="note")).rows)
        read = happens(lambda: records.get(actor, "note", note))
        with records.reading(actor) as transaction:
            offered = (
                happens(lambda: transaction.get("note", note))
                and record_state(transaction, transaction.object_def("note").key, note).may_update
            )
        return listed, read, offered, happens(lambda: records.update(actor, "note", note, {"name": actor.login}))


def happens(act: Callable[[], object]) -> bool:
    try:
        act()
    except (AccessDenied, RecordNotFound):
        return False
    return True


@pytest.fixture(scope="module")
def office(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    clock, folder = FixedClock(NOON), tmp_path_factory.mktemp("office")
    with applied_platform(module_database_url, folder, FILES, clock=clock) as platform:
        east = platform.records.create(system_actor(), "team", {"name": "East"}).record.id
        people = {
            name: _person(platform, name, role, team)
            for name, role, team in (
                ("ann", "rep", None),
                ("bob", "rep", east),
                ("cy", "rep", None),
                ("hal", "helper", None),
                ("ron", "reader", None),
                ("cleo", "clerk", None),
                ("bea", "blind", None),
            )
        }
        yield Office(platform=platform, clock=clock, folder=folder, people=people, east=east)


def _person(platform: Platform, name: str, role: str, team: str | None) -> Actor:
    values = {"name": name, "team": team}
    create = platform.accounts.administration.create_user
    user_id = create(system_actor(), f"{name}@example.com", password=None, roles=[role], values=values)
    return Actor(user_id=user_id, login=name, name=name, roles=frozenset((role,)), team_id=team)


@pytest.fixture(autouse=True)
def at_noon(office: Office) -> None:
    office.clock.move_to(NOON)


@pytest.mark.promise("SEC-09")
@pytest.mark.parametrize("level", ["read", "edit"])
@pytest.mark.parametrize("kind", ["user", "team", "role"])
def test_a_shared_record_is_readable_or_editable_until_its_date_and_not_after(
    office: Office, kind: str, level: str
) -> None:
    note, (sharee, person) = office.note(), office.sharee(kind)
    assert office.may(person, note) == (False, False, False, False)
    assert office.share("ann", note, sharee, level, DAY)
    edits = level == "edit"
    for moment in (NOON, END - dt.timedelta(microseconds=1)):
        office.clock.move_to(moment)
        assert office.may(person, note) == (True, True, edits, edits)
        assert office.may(office.people["cy"], note) == (False, False, False, False)
    for moment in (END, END + dt.timedelta(days=900)):
        office.clock.move_to(moment)
        assert office.may(person, note) == (False, False, False, False)


@pytest.mark.promise("SEC-09")
def test_nobody_shares_assigns_or_grants_more_than_one_holds(office: Office) -> None:
    note, (bob, _), (helpers, _) = office.note(), office.sharee("user"), office.sharee("role")
    office.share("ann", note, helpers, "edit")
    administration, records = office.platform.accounts.administration, office.platform.records
    before = _shares(office.platform.database, office)
    refused = {
        "not readable": lambda: office.share("cy", note, bob),
        "readable only, without the right": lambda: office.share("ron", note, bob),
        "for editing, readable only": lambda: office.share("cleo", note, bob, "edit"),
        "had by a share": lambda: office.share("hal", note, bob),
        "assigned without changing": lambda: records.update(
            office.people["ron"], "note", note, {"owner": {"object": "user", "id": bob.id}}
        ),
        "granted, not held": lambda: _grant(office, "ann", "bob", "clerk"),
    }
    assert [what for what, act in refused.items() if happens(act)] == []
    assert _shares(office.platform.database, office) == before
    ann = office.people["ann"]
    assert records.get(ann, "note", note).values["owner"] == Ref("user", ann.user_id or "")
    assert "clerk" not in administration.find_user("bob@example.com").roles
    assert office.share("cleo", note, bob, "read")
    assert _grant(office, "hal", "bob", "rep") in (True, False)


def _grant(office: Office, who: str, to: str, role: str) -> bool:
    with office.platform.records.transaction(office.people[who]) as transaction:
        grant = office.platform.accounts.administration.grant_roles
        return grant(transaction, office.people[to].user_id or "", [role])


def _shares(database: Database, office: Office) -> set[tuple[object, ...]]:
    with database.read() as connection:
        return {tuple(row) for row in connection.execute(office.platform.system.share.select())}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sharee": Sharee(ShareeKind.USER, "01900000-0000-7000-8000-000000000000")}, "no_record"),
        ({"sharee": Sharee(ShareeKind.USER, "nonsense")}, "no_record"),
        ({"sharee": Sharee(ShareeKind.TEAM, "' or 1=1 --")}, "no_record"),
        ({"sharee": Sharee(ShareeKind.ROLE, "nobody")}, "no_record"),
        ({"until": DAY - dt.timedelta(days=4)}, "share_past"),
        ({"until": NOON}, "share_past"),
    ],
)
def test_what_makes_no_sense_is_refused_on_what_is_wrong(office: Office, change: dict[str, object], code: str) -> None:
    note, (bob, _) = office.note(), office.sharee("user")
    given = {"sharee": bob, "until": None} | change
    with pytest.raises(ValidationFailed) as refused:
        office.share("ann", note, **given)  # type: ignore[arg-type]
    assert [error.code for error in refused.value.errors] == [code]


def test_nobody_shares_with_oneself_with_whom_one_may_not_know_or_parts_of_a_record(office: Office) -> None:
    note, (bob, person) = office.note(), office.sharee("user")
    with pytest.raises(ValidationFailed):
        office.share("ann", note, Sharee(ShareeKind.USER, office.people["ann"].user_id or ""))
    with pytest.raises(ValidationFailed, match="no such user"):
        office.share("bea", note, bob)
    part = office.platform.records.create(office.people["ann"], "part", {"note": note}).record.id
    with pytest.raises(AccessDenied, match="what they belong to"):
        office.platform.sharing.share(office.people["ann"], "part", part, bob, edits=False)
    assert not happens(lambda: office.platform.records.get(person, "part", part))
    office.share("ann", note, bob)
    assert office.platform.records.get(person, "part", part).id == part
    assert not happens(lambda: office.platform.records.update(person, "part", part, {"name": "x"}))


def test_a_share_is_replaced_ended_and_told_of_in_history_audit_and_inbox(office: Office) -> None:
    note, (bob, person), ann = office.note(), office.sharee("team"), office.people["ann"]
    sharing, inbox = office.platform.sharing, office.platform.automation.inbox
    told = len(inbox.list(person))
    assert office.share("ann", note, bob, "read", DAY)
    assert not office.share("ann", note, bob, "read", DAY)
    assert office.share("ann", note, bob, "edit")
    assert [(each.title, each.edits, each.until) for each in sharing.list(ann, "note", note)] == [("East", True, None)]
    assert sharing.unshare(ann, "note", note, bob)
    assert not sharing.unshare(ann, "note", note, bob)
    assert office.may(person, note) == (False, False, False, False)
    entries = office.platform.records.history(ann, "note", note)
    shares = [(each.action, each.share.old, each.share.new) for each in entries if each.share is not None]
    read, edit = ("read", END), ("edit", None)
    assert shares == [("unshared", edit, None), ("shared", read, edit), ("shared", None, read)]
    assert {each.actor_id for each in entries} == {ann.user_id}
    new = inbox.list(person)[: len(inbox.list(person)) - told]
    assert ["to edit" in each.text for each in new] == [True, False]
    assert {each.record_id for each in new} == {note}
    assert "A note" not in "".join(each.text for each in new)


@pytest.mark.parametrize("until", [dt.date.max, dt.datetime.max.replace(tzinfo=dt.UTC)])
def test_a_share_until_the_end_of_all_days_is_made_and_told(office: Office, until: dt.date) -> None:
    note, (bob, person) = office.note(), office.sharee("user")
    assert office.share("ann", note, bob, until=until)
    assert office.may(person, note)[1]
    assert office.platform.sharing.list(office.people["ann"], "note", note)[0].until is not None
    assert "until 9999-12-3" in office.platform.automation.inbox.list(person)[0].text


def test_who_may_read_only_ends_only_what_one_has_shared_oneself(office: Office) -> None:
    note, (bob, _), (east, _) = office.note(), office.sharee("user"), office.sharee("team")
    office.share("ann", note, bob)
    office.share("cleo", note, east)
    sharing, cleo = office.platform.sharing, office.people["cleo"]
    assert sharing.unshare(cleo, "note", note, east)
    with pytest.raises(AccessDenied):
        sharing.unshare(cleo, "note", note, bob)
    # Shortening it would end it as well, and make it theirs.
    assert not happens(lambda: office.share("cleo", note, bob, until=DAY))
    assert not office.share("cleo", note, bob)
    assert [each.until for each in sharing.list(cleo, "note", note)] == [None]
    assert office.share("ann", note, bob, until=DAY)
    with pytest.raises(AccessDenied):
        sharing.list(office.people["ron"], "note", note)
    with pytest.raises(RecordNotFound):
        sharing.list(office.people["cy"], "note", note)


def test_shares_follow_people_teams_bins_and_merges(office: Office) -> None:
    records, people = office.platform.records, office.people
    note, (bob, person), (east, _) = office.note(), office.sharee("user"), office.sharee("team")
    office.share("ann", note, east)
    assert office.may(person, note)[1]
    assert not office.may(replace(person, team_id=None), note)[0]
    records.delete(people["ann"], "note", note)
    assert not office.may(person, note)[1]
    records.restore(people["ann"], "note", note)
    assert office.may(person, note)[1]
    survivor = office.note()
    office.share("ann", survivor, bob)
    with records.transaction(people["ann"]) as transaction:
        merge_records(transaction, transaction.object_def("note"), survivor, MergeRequest(gone=(note,)))
    assert [each.sharee for each in office.platform.sharing.list(people["ann"], "note", survivor)] == [bob]


def test_a_role_made_anew_under_an_old_name_has_none_of_what_was_shared_with_the_old_one(office: Office) -> None:
    note, app = office.note(), office.folder / "shop"
    write_files(app, {"roles/temp.yaml": "role: temp\nincludes: [rep]\n"})
    office.platform.apply_release([app], author="test")
    office.share("ann", note, Sharee(ShareeKind.ROLE, "temp"))
    temp = replace(office.people["cy"], roles=frozenset(("temp",)))
    assert office.may(temp, note)[1]
    (app / "roles" / "temp.yaml").unlink()
    office.platform.apply_release([app], author="test")
    write_files(app, {"roles/temp.yaml": "role: temp\nincludes: [rep]\n"})
    office.platform.apply_release([app], author="test")
    assert not office.may(temp, note)[1]
