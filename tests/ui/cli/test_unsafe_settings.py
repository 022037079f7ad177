"""`serve` starts with no unsafe setting: each is refused with its reason and exit code 1, and nothing is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, make_url, text

from ui.assets import STATIC_FOLDER
from ui.cli import main

KEY = "4d1c8f0b7a6e5392d8c1b0a4f7e6d5c3b2a19087f6e5d4c3"


@dataclass(frozen=True, slots=True)
class Case:
    """environment: on top of a safe one. part: of the reason. arguments: further ones of `serve`."""

    name: str
    environment: Mapping[str, str]
    part: str
    arguments: tuple[str, ...] = ()
    prepare: Callable[[Path], object] = field(default=lambda folder: None)


def key_file(mode: int, content: str = KEY) -> Callable[[Path], object]:
    def prepare(folder: Path) -> None:
        data = folder / "data"
        data.mkdir()
        (data / "secret.key").write_text(content, "ascii")
        (data / "secret.key").chmod(mode)

    return prepare


def open_values_key(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "values.keys").write_text("x", "ascii")
    (folder / "data" / "values.keys").chmod(0o644)


def open_folder(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)


def open_database(folder: Path) -> None:
    (folder / "open.sqlite").touch()
    (folder / "open.sqlite").chmod(0o666)


def settings_file(folder: Path) -> None:
    (folder / "fieldstone.toml").write_text(f'secret_key = "{KEY}"\n', "ascii")
    (folder / "fieldstone.toml").chmod(0o644)


POSTGRES = "postgresql+psycopg://u:{}@db.example.com/crm"
MAIL = {"FIELDSTONE_PLUGIN_EMAIL_HOST": "mail.example.com", "FIELDSTONE_PLUGIN_EMAIL_PASSWORD": "x"}
NO_KEY = {"FIELDSTONE_SECRET_KEY": "-"}
BEYOND = ("--host", "0.0.0.0")  # noqa: S104 - refused before it listens
CASES = (
    Case("an empty key", {"FIELDSTONE_SECRET_KEY": ""}, "secret_key is empty"),
    Case("no key for several machines", {**NO_KEY, "FIELDSTONE_DATABASE_URL": POSTGRES.format("strong9")},
         "secret_key is missing", BEYOND),
    Case("a short key", {"FIELDSTONE_SECRET_KEY": "k3yk3yk3y"}, "secret_key is short"),
    Case("a sample key", {"FIELDSTONE_SECRET_KEY": "changeme-changeme-changeme-changeme"}, "secret_key is a sample"),
    Case("a key of one letter", {"FIELDSTONE_SECRET_KEY": "k" * 40}, "no random text", BEYOND),
    Case("a short key in the file", NO_KEY, "secret_key is short", prepare=key_file(0o600, "short")),
    Case("debug mode", {"FLASK_DEBUG": "1"}, "FLASK_DEBUG is set"),
    Case("a test build", {"FIELDSTONE_TESTING": "1"}, "FIELDSTONE_TESTING is set", BEYOND),
    Case("an open key file", NO_KEY, "secret.key is readable by others", prepare=key_file(0o644)),
    Case("an open file of keys of values", {}, "values.keys is readable by others", prepare=open_values_key),
    Case("an open data folder", {}, "write into the data folder", prepare=open_folder),
    Case("an open settings file", NO_KEY, "fieldstone.toml holds the secret key", prepare=settings_file),
    Case("a database that is served", {"FIELDSTONE_DATABASE_URL": f"sqlite:///{STATIC_FOLDER}/crm.sqlite"},
         "the database lies under the static folder"),
    Case("files that are served", {"FIELDSTONE_DATA_FOLDER": f"{STATIC_FOLDER}/data"},
         "the data folder lies under the static folder"),
    Case("a database for everybody", {"FIELDSTONE_DATABASE_URL": "sqlite:///open.sqlite"}, "write into the database",
         prepare=open_database),
    Case("a sample password", {"FIELDSTONE_DATABASE_URL": POSTGRES.format("postgres")}, "everybody tries first"),
    Case("a database in clear", {"FIELDSTONE_DATABASE_URL": POSTGRES.format("strong9") + "?sslmode=disable"},
         "sslmode=disable"),
    Case("people in clear", {"FIELDSTONE_BASE_URL": "http://crm.example.com"}, "base_url begins with http"),
    Case("no address", {"FIELDSTONE_BASE_URL": "crm.example.com"}, "base_url is no address"),
    Case("any host", {"FIELDSTONE_ALLOWED_HOSTS": "a.example.com, *"}, "allowed_hosts has *"),
    Case("any place inside", {"FIELDSTONE_EGRESS_ALLOW": "10.0.0.0/8"}, "egress_allow has"),
    Case("mail in clear", {**MAIL, "FIELDSTONE_PLUGIN_EMAIL_SECURITY": "none"}, "in clear: email security is none"),
)  # fmt: skip


def serve(folder: Path, environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("FIELDSTONE_")}
    given |= {"FIELDSTONE_SECRET_KEY": KEY, "FIELDSTONE_DATA_FOLDER": str(folder / "data"), **environment}
    if given["FIELDSTONE_SECRET_KEY"] == "-":
        given["FIELDSTONE_SECRET_KEY"] = None
    result = CliRunner().invoke(main, ["serve", "--port", "0", *arguments], env=given)
    return result.exit_code, result.output


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_unsafe_setting_is_refused_with_its_reason(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case.prepare(tmp_path)
    code, output = serve(tmp_path, case.environment, *case.arguments)
    assert code == 1, output
    assert case.part in output
    assert KEY not in output
    assert not (tmp_path / "fieldstone.sqlite").exists(), "nothing was started"


@pytest.mark.promise("SEC-40")
def test_a_superuser_is_refused_and_each_refusal_is_documented(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(CASES) >= 12
    code, output = serve(tmp_path, {"FIELDSTONE_DATABASE_URL": postgres_url})
    assert (code, "the database role is a superuser" in output) == (1, True), output
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    role = f"plain_{make_url(postgres_url).database}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'plain'"))
        connection.execute(text(f'GRANT ALL ON DATABASE "{make_url(postgres_url).database}" TO "{role}"'))
        for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            connection.execute(text(f'GRANT ALL ON ALL {kind} IN SCHEMA public TO "{role}"'))
        connection.execute(text(f'GRANT ALL ON SCHEMA public TO "{role}"'))
    try:
        plain = make_url(postgres_url).set(username=role, password="plain").render_as_string(hide_password=False)
        code, output = serve(tmp_path, {"FIELDSTONE_DATABASE_URL": plain})
        assert (code, "name an app folder" in output) == (2, True), f"it got past the settings: {output}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP OWNED BY "{role}"'))
            connection.execute(text(f'DROP ROLE "{role}"'))
        engine.dispose()
    code, output = serve(tmp_path, {})
    assert (code, "name an app folder" in output) == (2, True), output
    page = (Path(__file__).resolve().parents[3] / "docs" / "running.md").read_text("utf-8")
    told = page.split("## What `serve` refuses", 1)[1].split("\n## ", 1)[0]
    assert told.count("\n- ") >= 12
    for case in CASES:
        assert case.name in told, case.name
    assert "a superuser" in told
