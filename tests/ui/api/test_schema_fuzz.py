"""The API against its own description, by schemathesis: for five callers, with what fits the schema and what does not.

All of its checks are on but one: that whatever fits the schema is accepted. Whether a record may be saved is decided by
rights, validations and versions, of which a schema knows nothing.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.served import DEALS, Served, serve_deals
from tests.support.table_dumps import changed_tables, dump_tables

CALLERS = (None, "none", "ann", "boss", "admin")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SHORT = 16
SOAK_S = 30 * 60
# What stands in no answer to who may not read it: the values of records of the boss.
DENIED = {"deal": {"name": "xqzdealname", "note": "xqzdealnote"}, "vault": {"name": "xqzvaultname"}}
MAY_CHANGE = ("fs_audit", "fs_session", "fs_lockout", "fs_token", "fs_idempotency", "fs_change", "fs_change_state")


def secrets_of_the_boss(served: Served) -> None:
    for name, values in DENIED.items():
        served.make("boss", name, **values)


def record_for(served: Served, who: str | None) -> str:
    """Give a deal: a new one to who could change it, since some calls delete it; the others one of the boss's."""
    if who in ("ann", "boss", "admin"):
        return str(served.make("ann" if who == "ann" else "boss", "deal", name="Mine")["id"])
    return str(served.get("boss", "/records/deal?limit=1").get_json()["items"][0]["id"])


def operations(served: Served, who: str | None) -> list[Any]:
    """Give the operations of a caller's own description; nobody is given the boss's."""
    document = served.get(who or "boss", "/openapi.json").get_json()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = served.app
    found: list[Any] = [*schema.get_all_operations()]
    return [each.ok() for each in found]


def faults_of(
    served: Served, who: str | None, operation: Any, mode: GenerationMode, seed: int, examples: int
) -> Iterator[str]:
    """Call an operation with made-up requests; give what is wrong with the answers."""
    path_parameters = {"id": record_for(served, who)} if "/records/deal/{id}" in operation.path else None
    headers = {} if who is None else {"Authorization": f"Bearer {served.tokens[who]}"}
    found: list[str] = []
    strategy = operation.as_strategy(generation_mode=mode, path_parameters=path_parameters)

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=strategy)
    def call(case: Any) -> None:
        answer = case.call(base_url="http://localhost/api/v1", headers=headers)
        # A file is no text, and is looked through all the same.
        text = answer.content.decode("utf-8", "replace")
        told = f"{who} {mode.value} {case.as_curl_command()[:600]}: {answer.status_code} {text[:300]}"
        if answer.status_code >= 500:
            found.append(told)
        if who not in ("boss", "admin") and "xqz" in f"{answer.headers} {text}":
            found.append(f"not for them: {told}")
        if who is None and answer.status_code < 400 and not operation.path.startswith(("/forms/", "/hooks/")):
            found.append(f"let in: {told}")
        try:
            case.validate_response(answer, headers=headers, excluded_checks=[positive_data_acceptance])
        except (Failure, FailureGroup) as fault:
            found.append(f"{fault}: {told}")

    call()
    yield from found


def run(served: Served, chosen: list[tuple[str | None, Any]], seed: int, examples: int) -> list[str]:
    found: list[str] = []
    for who, operation in chosen:
        for mode in MODES:
            found += faults_of(served, who, operation, mode, seed, examples)
    return found


def publish_a_field(served: Served, app: Path) -> None:
    path = app / "objects" / "deal.yaml"
    path.write_text(path.read_text("utf-8").replace("  size:  ", "  fresh: {type: integer}\n  size:  "), "utf-8")
    assert "fresh" not in served.get("boss", "/openapi.json").get_json()["components"]["schemas"]["deal"]["properties"]
    served.platform.apply_release([app], author="test")


@pytest.mark.promise("API-18")
def test_answers_keep_to_the_live_description_for_five_callers_and_none_fails_or_says_too_much(
    database_url: str, tmp_path: Path
) -> None:
    app = tmp_path / "deals"
    shutil.copytree(DEALS, app)
    with serve_deals(database_url, tmp_path / "data", app_folder=app) as served:
        publish_a_field(served, app)
        for who in CALLERS[1:]:
            document = served.get(who, "/openapi.json").get_json()
            assert document["openapi"].startswith("3.1")
            OpenAPIV31SpecValidator(document).validate()
            assert ("fresh" in str(document["components"]["schemas"])) == (who != "none")
        secrets_of_the_boss(served)
        chance = random.Random(20)
        chosen = {who: chance.sample(operations(served, who), SHORT) for who in CALLERS}
        found = run(served, [(who, each) for who in ("ann", "boss", "admin") for each in chosen[who]], 1, 1)
        before = dump_tables(database_url, leave_out=MAY_CHANGE)
        found += run(served, [(who, each) for who in (None, "none") for each in chosen[who]], 1, 1)
        assert changed_tables(before, dump_tables(database_url, leave_out=MAY_CHANGE)) == []
        assert not found, "\n\n".join(found[:10])


@pytest.mark.soak
def test_half_an_hour_of_made_up_calls_finds_no_fault(served: Served) -> None:
    secrets_of_the_boss(served)
    until, seed = time.monotonic() + SOAK_S, 0
    found: list[str] = []
    while time.monotonic() < until and not found:
        seed += 1
        for who in CALLERS:
            for each in operations(served, who):
                if time.monotonic() < until:
                    found += run(served, [(who, each)], seed, 5)
    assert not found, "\n\n".join(found[:20])
