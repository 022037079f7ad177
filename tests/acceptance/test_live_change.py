"""A change of the YAML of a running app: every process has it without a restart, and a broken change has no effect."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.metadata_corpus import metadata_cases
from tests.support.processes import Client, fieldstone, running_worker, signed_in
from tests.support.sales import SalesInstallation, sales_installation
from tests.support.server_process import ServerProcess, running_server
from tests.support.table_dumps import OF_REFUSALS, changed_tables, dump_tables
from ui.cli import main

# What the promise gives all processes of an installation to show a release, from the end of `apply`.
SWAP_S = 5.0

VISIT = """object: visit
label: {en: Site visit, zh: 现场拜访}
title: "{subject}"
fields:
  subject: {type: text, required: true, label: {en: Subject, zh: 主题}}
  account: {type: lookup, to: account, inverse: visits, label: {en: Account, zh: 客户}}
"""
RULE = """rule visit_planned
  when visit is created
  if account is not empty
  then create task { subject: "Prepare {subject}", assignee: created_by, due_on: today + 1 day, about: this }
"""


@pytest.fixture
def sales(database_url: str, tmp_path: Path) -> SalesInstallation:
    return sales_installation(database_url, tmp_path)


@contextmanager
def serving(sales: SalesInstallation, *arguments: str) -> Iterator[list[ServerProcess]]:
    """Serve in one process on SQLite; on PostgreSQL in two, with a worker process beside them."""
    large = not sales.database_url.startswith("sqlite")
    command = ["serve", *arguments, "--port", "0", *(["--no-worker"] if large else [])]
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running_server(command, sales.folder, environment=sales.environment()))
            for _ in range(2 if large else 1)
        ]
        if large:
            stack.enter_context(running_worker(sales.folder, sales.environment()))
        yield servers


def edit(path: Path, old: str, new: str) -> None:
    """Replace the one place in a file where `old` stands."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (path.name, old)
    path.write_text(text.replace(old, new), "utf-8")


def change_the_app(app: Path) -> None:
    """Add a field, an object with menu entry and grants, and a rule, as an administrator would."""
    edit(
        app / "extensions" / "account.yaml",
        "  founded:\n",
        "  region_head: {type: text, label: Regional head}\n  founded:\n",
    )
    edit(app / "extensions" / "account.yaml", "credit_limit, founded]", "credit_limit, founded, region_head]")
    edit(app / "extensions" / "account.yaml", "columns: [name, tier,", "columns: [name, region_head, tier,")
    (app / "objects" / "visit.yaml").write_text(VISIT, "utf-8")
    edit(
        app / "menus.yaml", "          - {object: task}\n", "          - {object: task}\n          - {object: visit}\n"
    )
    rep = app / "roles" / "sales_rep.yaml"
    edit(rep, "objects:\n", "objects:\n  visit:            {read: own or team, create: yes, update: own}\n")
    edit(app / "roles" / "automation.yaml", "objects:\n", "objects:\n  visit: {read: all}\n")
    (app / "rules" / "visits.rules").write_text(RULE, "utf-8")


def apply(sales: SalesInstallation) -> tuple[int, str]:
    """Run `fieldstone apply` on the installation's folder."""
    done = fieldstone("apply", "sales", folder=sales.folder, environment=sales.environment())
    return done.returncode, done.stdout


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, f"not within {timeout_s} s: {what}"
        time.sleep(0.05)


class Traffic:
    """Light traffic of one user on every server: pages, lists, records and creates, one after the other."""

    def __init__(self, sales: SalesInstallation, servers: Sequence[ServerProcess]) -> None:
        self.statuses: list[tuple[str, int]] = []
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._go, args=(Client(server.address, sales.tokens["ann"]), signed_in(server.address, "ann"))
            )
            for server in servers
        ]

    def _go(self, api: Client, pages: Client) -> None:
        made = api.call("POST", "/api/v1/records/account", {"name": "Busy"}).json["id"]
        while not self._stopped.is_set():
            for client, method, path, body in (
                (api, "GET", "/api/v1/records/account?limit=5&count=true", None),
                (pages, "GET", "/o/account", None),
                (pages, "GET", f"/o/account/{made}/edit", None),
                (api, "POST", "/api/v1/records/account", {"name": "Busy again"}),
                (api, "PATCH", f"/api/v1/records/account/{made}", {"industry": "Mining"}),
                (pages, "GET", f"/o/account/{made}", None),
            ):
                self.statuses.append((f"{method} {path}", client.call(method, path, body).status))
                self._stopped.wait(0.02)

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=60)


@pytest.mark.promise("LIF-08")
def test_an_applied_change_shows_in_every_process_without_a_restart_and_without_a_failed_request(
    sales: SalesInstallation,
) -> None:
    with serving(sales) as servers:
        pages = [signed_in(server.address, "ann") for server in servers]
        apis = [Client(server.address, sales.tokens["ann"]) for server in servers]
        account = apis[0].call("POST", "/api/v1/records/account", {"name": "Acme"}).json["id"]
        assert [api.get("/api/v1/records/visit").status for api in apis] == [404] * len(apis)
        with Traffic(sales, servers) as traffic:
            wait_until(lambda: len(traffic.statuses) > 12, "traffic flows", 60)
            change_the_app(sales.app)
            began = time.monotonic()
            code, output = apply(sales)
            assert code == 0, output
            # A machine so busy that the command alone takes longer than the promise gives is measured by that.
            patience = max(SWAP_S, 2 * (time.monotonic() - began))
            for api in apis:
                wait_until(lambda api=api: api.get("/api/v1/records/visit").status == 200, "the new release", patience)  # type: ignore[misc]
            seen = len(traffic.statuses)
            wait_until(lambda: len(traffic.statuses) > seen + 12, "traffic goes on", 60)
        assert {status for _, status in traffic.statuses} <= {200, 201}, traffic.statuses
        for page, api in zip(pages, apis, strict=True):
            check_all_is_shown(page, api, account)
        check_the_rule_runs(apis, account)


def check_all_is_shown(page: Client, api: Client, account: str) -> None:
    """Find the field and the object in form, list, menu, record, API and OpenAPI of one process."""
    assert 'name="region_head"' in page.get(f"/o/account/{account}/edit").text
    assert api.call("PATCH", f"/api/v1/records/account/{account}", {"region_head": "Ms Long"}).status == 200
    assert "Regional head" in page.get("/o/account?view=key_accounts").text
    assert "Ms Long" in page.get(f"/o/account/{account}").text
    assert "/o/visit" in page.get("/").text
    assert 'name="subject"' in page.get("/o/visit/new").text
    shown = api.get("/api/v1/records/account?fields=name,region_head&filter=region_head%20%3D%20%22Ms%20Long%22").json
    assert [item["region_head"] for item in shown["items"]] == ["Ms Long"]
    described = api.get("/api/v1/openapi.json").json
    assert any(path.startswith("/records/visit") or path.endswith("/records/visit") for path in described["paths"])
    assert "region_head" in str(described["components"]["schemas"])


def check_the_rule_runs(apis: Sequence[Client], account: str) -> None:
    """Save what the new rule waits for through each server, and find what the worker made of it."""
    for number, api in enumerate(apis):
        made = api.call("POST", "/api/v1/records/visit", {"subject": f"Gate {number}", "account": account})
        assert made.status == 201, made.text
    wanted = {f"Prepare Gate {number}" for number in range(len(apis))}

    def done() -> bool:
        found = apis[0].get("/api/v1/records/task?limit=200&fields=subject").json["items"]
        return wanted <= {item["subject"] for item in found}

    wait_until(done, "the rule's tasks", 60)


def broken_folders() -> list[tuple[str, dict[str, str]]]:
    """Some mistakes of the corpus that stand in one file of their own, as files to lay into the app's folder.

    Every fifth kind of them: each kind is refused by one and the same check, which the corpus tries with all.
    """
    picked: dict[str, tuple[str, dict[str, str]]] = {}
    for case in metadata_cases():
        files = {path: text for path, text in case.files.items() if text is not None}
        whole = (
            len(files) == 1 and "objects/deal.yaml" in files and any(" APP" in p or " OBJ" in p for p in case.problems)
        )
        errors = [problem for problem in case.problems if " warning: " not in problem and " info: " not in problem]
        if whole and errors:
            picked.setdefault(errors[0].split()[1], (case.name, {"objects/deal.yaml": files["objects/deal.yaml"]}))
    return [picked[code] for code in sorted(picked)[::5]]


def quiet_dump(database_url: str) -> Mapping[str, tuple[str, ...]]:
    """Dump all tables once what starts with a server has come to rest: nothing has changed for a while."""
    last: Mapping[str, tuple[str, ...]] = {}
    rested = 0
    for _ in range(240):
        now = dump_tables(database_url, leave_out=OF_REFUSALS)
        rested = rested + 1 if now == last else 0
        if rested == 4:
            return now
        last = now
        time.sleep(0.25)
    raise AssertionError("the database finds no rest")


def test_a_broken_folder_is_refused_by_apply_and_by_watch_and_changes_nothing(sales: SalesInstallation) -> None:
    cases = broken_folders()
    assert len(cases) >= 12
    # A worker would write of its own accord.
    command = ["serve", "sales", "--watch", "--no-worker", "--port", "0"]
    with running_server(command, sales.folder, environment=sales.environment()) as server:
        api = Client(server.address, sales.tokens["ann"])
        before = quiet_dump(sales.database_url)
        for number, (name, files) in enumerate(cases):
            for path, text in files.items():
                (sales.app / path).write_text(text, "utf-8")
            code, output = apply(sales) if number == 0 else apply_here(sales)
            assert code == 1, (name, output)
            assert "objects/deal.yaml:" in output, name
            assert api.get("/api/v1/objects/opportunity").status == 200
        wait_until(lambda: any("not applied" in line for line in server.lines), "watch looked", 60)
        assert api.get("/api/v1/objects/deal").status == 404
        assert changed_tables(before, quiet_dump(sales.database_url)) == []
        (sales.app / "objects" / "deal.yaml").unlink()
        change_the_app(sales.app)
        wait_until(lambda: api.get("/api/v1/records/visit").status == 200, "the corrected folder", 60)


def apply_here(sales: SalesInstallation) -> tuple[int, str]:
    """Run `fieldstone apply` in this process, which is much faster than one of its own."""
    done = CliRunner().invoke(main, ["apply", str(sales.app)], env=sales.environment())
    return done.exit_code, done.output
