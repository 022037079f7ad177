"""plan, apply, releases, users, tokens, doctor on a real database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.cli.conftest import Call


@pytest.fixture
def applied(call: Call, database_url: str) -> str:
    """Give a database with a new app applied."""
    assert call("new", "my_crm").exit_code == 0
    result = call("apply", "my_crm", "--db", database_url, "--comment", "first")
    assert result.exit_code == 0, result.output
    assert "published release 1" in result.output
    return database_url


def test_plan_writes_nothing_and_says_what_apply_would_do(call: Call, applied: str, tmp_path: Path) -> None:
    path = tmp_path / "my_crm" / "objects" / "request.yaml"
    path.write_text(path.read_text().replace("  due: ", "  effort:   {type: integer}\n  due: "))
    planned = call("plan", "my_crm", "--db", applied)
    assert planned.exit_code == 0, planned.output
    assert "effort" in planned.output
    as_json = json.loads(call("plan", "my_crm", "--db", applied, "--json").stdout)
    assert (as_json["base"], as_json["safe"], as_json["empty"]) == (1, True, False)
    assert [item["number"] for item in json.loads(call("releases", "--db", applied, "--json").stdout)] == [1]
    assert "published release 2" in call("apply", "my_crm", "--db", applied).output
    assert "nothing changed, still release 2" in call("apply", "my_crm", "--db", applied).output
    releases = json.loads(call("releases", "--db", applied, "--json").stdout)
    assert [(item["number"], item["comment"]) for item in releases] == [(2, ""), (1, "first")]


def test_a_broken_folder_is_refused_with_its_problems_and_the_release_stays(
    call: Call, applied: str, tmp_path: Path
) -> None:
    path = tmp_path / "my_crm" / "objects" / "request.yaml"
    path.write_text(path.read_text().replace("type: money", "type: monye"))
    refused = call("apply", "my_crm", "--db", applied)
    assert refused.exit_code == 1
    assert "my_crm/objects/request.yaml:11:" in refused.output
    assert call("plan", "my_crm", "--db", applied).exit_code == 1
    assert len(json.loads(call("releases", "--db", applied, "--json").stdout)) == 1


def test_users_are_added_listed_given_roles_disabled_and_enabled(call: Call, applied: str) -> None:
    added = call(
        "users",
        "add",
        "Ann@Example.com",
        "--name",
        "Ann Lee",
        "--role",
        "staff",
        "--password-stdin",
        "--db",
        applied,
        stdin="a good password\n",
    )
    assert added.exit_code == 0, added.output
    [user] = json.loads(call("users", "list", "--json", "--db", applied).stdout)
    assert (user["login"], user["name"], user["enabled"], user["roles"]) == (
        "ann@example.com",
        "Ann Lee",
        True,
        ["staff"],
    )
    assert call("users", "roles", "ann@example.com", "staff", "administrator", "--db", applied).exit_code == 0
    assert call("users", "disable", "ann@example.com", "--db", applied).exit_code == 0
    [user] = json.loads(call("users", "list", "--json", "--db", applied).stdout)
    assert (user["enabled"], user["roles"]) == (False, ["administrator", "staff"])
    assert call("users", "enable", "ann@example.com", "--db", applied).exit_code == 0
    generated = call("users", "password", "ann@example.com", "--generate", "--db", applied)
    assert generated.exit_code == 0
    assert len(generated.output.rsplit(": ", 1)[1].strip()) >= 12


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (("users", "add", "bob@example.com", "--password-stdin"), "short\n", "password"),
        (("users", "add", "not an address", "--generate"), None, "email"),
        (("users", "add", "bob@example.com", "--role", "staf", "--generate"), None, "did you mean 'staff'?"),
        (("users", "roles", "nobody@example.com", "staff"), None, "nobody@example.com"),
        (("tokens", "create", "nobody@example.com"), None, "nobody@example.com"),
        (("tokens", "revoke", "019a0000-0000-7000-8000-000000000000"), None, "no living token"),
    ],
)
def test_what_cannot_be_done_is_exit_1_with_a_sentence(
    call: Call, applied: str, arguments: tuple[str, ...], stdin: str | None, says: str
) -> None:
    result = call(*arguments, "--db", applied, stdin=stdin)
    assert result.exit_code == 1, result.output
    assert says in result.output
    assert json.loads(call("users", "list", "--json", "--db", applied).stdout) == []


def test_a_user_twice_is_refused(call: Call, applied: str) -> None:
    assert call("users", "add", "ann@example.com", "--generate", "--db", applied).exit_code == 0
    assert call("users", "add", "ANN@example.com", "--generate", "--db", applied).exit_code == 1


def test_tokens_are_made_listed_and_revoked(call: Call, applied: str) -> None:
    call("users", "add", "ann@example.com", "--generate", "--db", applied)
    made = call("tokens", "create", "ann@example.com", "--scope", "read", "--days", "30", "--db", applied)
    secret = made.output.strip()
    assert secret.startswith("fst_")
    listed = call("tokens", "list", "--db", applied, "--json")
    assert secret not in listed.output
    [token] = json.loads(listed.stdout)
    assert token["scopes"] == ["read"]
    assert call("tokens", "revoke", token["id"], "--db", applied).exit_code == 0
    assert json.loads(call("tokens", "list", "--db", applied, "--json").stdout) == []


def test_doctor_is_content_with_a_sound_installation_and_names_what_is_missing(
    call: Call, applied: str, tmp_path: Path
) -> None:
    sound = call("doctor", "--db", applied)
    assert sound.exit_code == 0
    assert f"database_url\t{applied}\tcommand line" in sound.output.splitlines()
    assert "secret_key\t(hidden)\tFIELDSTONE_SECRET_KEY" in sound.output.splitlines()
    empty = call("doctor", "--db", f"sqlite:///{tmp_path}/empty.sqlite")
    assert empty.exit_code == 3
    assert "no release" in empty.output
    wrong = call("doctor", "--db", "mysql://ann@db/crm")
    assert wrong.exit_code == 3
    assert "wrong: database_url (command line): 'mysql' databases are not known" in wrong.output


def test_a_command_that_reads_makes_no_database_where_a_name_is_mistyped(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    lost = f"sqlite:///{tmp_path}/deep/lost.sqlite"
    assert call("plan", "my_crm", "--db", lost).exit_code == 0
    for command in (["releases"], ["users", "list"], ["runs", "list"], ["doctor"], ["export", "account"]):
        result = call(*command, "--db", lost)
        assert result.exit_code in (1, 3)
        assert "no release yet" in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my_crm"]


def test_schema_prints_the_json_schema_of_each_kind(call: Call) -> None:
    kinds = call("schema").output.split()
    assert {"app", "object", "role", "menus"} <= set(kinds)
    for kind in kinds:
        assert json.loads(call("schema", kind).output)["$schema"].endswith("2020-12/schema")
    assert call("schema", "nothing").exit_code == 1


def test_runs_are_listed_and_unknown_ones_and_states_are_refused(call: Call, applied: str) -> None:
    assert json.loads(call("runs", "list", "--json", "--db", applied).stdout) == []
    assert call("runs", "list", "--state", "faild", "--db", applied).exit_code == 2
    unknown = "019a0000-0000-7000-8000-000000000000"
    for arguments in (("runs", "show", unknown), ("runs", "retry", unknown), ("runs", "show", "x")):
        result = call(*arguments, "--db", applied)
        assert result.exit_code == 1
        assert "Traceback" not in result.output
