"""Permissions that an app names, and the rights of rules that no person started."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.errors import ReleaseRefused, ValidationFailed
from engine.records.types import ListQuery
from tests.support.automation import APP, person, rows_of, runs_of, shop
from tests.support.moved_clock import START, at
from tests.support.platforms import write_files

CHECKS = {
    **APP,
    "app.yaml": f"{APP['app.yaml'].rstrip()}\n        permissions: [waive_review]\n",
    "objects/deal.yaml": f"""{APP["objects/deal.yaml"].rstrip()}
          - {{name: seen, check: 'amount < 100 or has_permission("waive_review")', message: Review it., field: note}}
          """,
    "roles/boss.yaml": f"{APP['roles/boss.yaml'].rstrip().removesuffix(']')}, waive_review]\n",
}
ASKED = 'has_permission("waive_reveiw")'
PLACES = {
    "rules/all.rules": f'rule r when deal is created if {ASKED} then log "x"\n',
    "roles/rep.yaml": APP["roles/rep.yaml"].replace("update: all, delete: all", f"update: '{ASKED}', delete: all", 1),
    "objects/job.yaml": APP["objects/job.yaml"].rstrip()
    + f"\n          asked: {{type: boolean, formula: '{ASKED}'}}\n",
    "objects/deal.yaml": CHECKS["objects/deal.yaml"].replace("waive_review", "waive_reveiw"),
}
BY_CLOCK = """
rule asks every day at 13:00 for each deal where name = "asks"
  then update this { note: if(has_permission("waive_review"), "may waive", "may not") }

rule outside every day at 13:00 for each deal where name = "outside" then update this { secret: "opened" }

rule by_owner every day at 13:00 for each firm where name = "owned" then update this { secret: "opened" } as owner

rule by_system every day at 13:00 for each deal where name = "system"
  then update this { secret: "opened" }
       create job { subject: "made by the product", deal: this }
  as system

rule after_the_product when job is created then update deal { secret: "once more" }
"""
FIRM = """
    object: firm
    title: "{name}"
    fields: {name: {type: text, required: true}, secret: {type: text, sensitive: true}}
"""


@pytest.mark.promise("SEC-45")
def test_who_has_a_permission_by_a_role_may_what_asks_for_it(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, "", files=CHECKS) as platform:
        rep, boss = person(platform, "rep", "rep"), person(platform, "boss", "boss")
        with pytest.raises(ValidationFailed, match=r"Review it\."):
            platform.records.create(rep, "deal", {"name": "a", "amount": "500 CNY"})
        made = platform.records.create(boss, "deal", {"name": "b", "amount": "500 CNY"}).record.id
        # The same asked by SQL, with the eyes of each.
        for who, count in ((rep, 0), (boss, 1)):
            query = ListQuery(object="deal", filter='has_permission("waive_review")')
            assert len(platform.records.list(who, query).rows) == count
        with pytest.raises(ValidationFailed):
            platform.records.update(rep, "deal", made, {"amount": "600 CNY"})


@pytest.mark.promise("SEC-45")
def test_a_permission_that_no_app_declares_is_a_problem_at_check_with_the_nearest_name(
    sqlite_url: str, tmp_path: Path
) -> None:
    with shop(sqlite_url, tmp_path, "", files=CHECKS) as platform:
        for path, text in PLACES.items():
            write_files(tmp_path / "shop", {path: text})
            with pytest.raises(ReleaseRefused) as refused:
                platform.apply_release([tmp_path / "shop"], author="test")
            found = [each for each in refused.value.problems if each.code == "EXP213"]
            assert [(each.at.file, each.hint) for each in found] == [(f"shop/{path}", "did you mean 'waive_review'?")]
            assert "'waive_reveiw' is no permission" in found[0].message
            write_files(tmp_path / "shop", {path: {**CHECKS, "rules/all.rules": ""}[path]})
        # Granting one that is not declared is refused as well.
        write_files(tmp_path / "shop", {"roles/boss.yaml": CHECKS["roles/boss.yaml"].replace("waive_", "weive_")})
        with pytest.raises(ReleaseRefused, match="'weive_review' is not a system right"):
            platform.apply_release([tmp_path / "shop"], author="test")


@pytest.mark.promise("SEC-45")
@pytest.mark.parametrize("roles", ["machine", "machine, waiver", ""])
def test_rules_that_nobody_started_have_the_rights_of_the_apps_roles_and_no_more(
    database_url: str, tmp_path: Path, roles: str
) -> None:
    app = CHECKS["app.yaml"].replace(
        "automation: {roles: [machine]}", f"automation: {{roles: [{roles}]}}" if roles else ""
    )
    waiver, keeper = (
        "role: waiver\nsystem: [waive_review]\n",
        "role: keeper\nobjects: {firm: {read: all, update: all}}\nfields: {firm.secret: {read: yes, update: yes}}\n",
    )
    files = {
        **CHECKS,
        "app.yaml": app,
        "roles/waiver.yaml": waiver,
        "roles/keeper.yaml": keeper,
        "objects/firm.yaml": FIRM,
    }
    clock = FixedClock(START)
    with shop(database_url, tmp_path, BY_CLOCK, files=files, clock=clock) as platform:
        product, owner = system_actor(), person(platform, "owner", "keeper")
        for name in ("asks", "outside", "system"):
            platform.records.create(product, "deal", {"name": name, "amount": "10 CNY"})
        firm = {"name": "owned", "owner": {"object": "user", "id": owner.user_id}}
        platform.records.create(product, "firm", firm)
        at(platform, clock, "2026-11-21 04:30")
        at(platform, clock, "2026-11-21 05:00")
        deals = {deal["name"]: deal for deal in rows_of(platform, "deal")}
        assert deals["asks"]["note"] == {"machine": "may not", "machine, waiver": "may waive", "": None}[roles]
        assert deals["outside"]["secret"] is None
        assert deals["system"]["secret"] == "opened"
        assert [each["secret"] for each in rows_of(platform, "firm")] == ["opened"]
        # What a rule `as system` saved, nobody saved: the rule it starts has no more than the others. Without any role
        # rules find nothing that they could fail at.
        failed = {run["rule"] for run in runs_of(platform) if run["state"] == "failed"}
        assert failed == ({"outside", "after_the_product"} if roles else set())
