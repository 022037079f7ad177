"""Forty broken configurations, by `apply`, `serve --watch` and API: the release before serves on and no byte changes.

The Studio's publish joins them when it exists; then the promise of all four is proved here.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from engine.clock import FixedClock
from engine.errors import ReleaseRefused
from engine.testing.app_cases import AppCase
from engine.testing.corpus import load_corpus
from metamodel.folder import file_kind
from tests.support.metadata_corpus import CORPUS, demo_sources
from tests.support.served import Served, serve_deals
from tests.support.table_dumps import OF_REFUSALS, changed_tables, dump_tables
from ui.cli import serve

ROLES = {
    "roles/rep.yaml": "role: rep\nobjects:\n  deal: {read: all, create: yes}\n  user: {read: all}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}


def _is_broken(case: object) -> TypeGuard[AppCase]:
    if not isinstance(case, AppCase) or any(path.startswith("/") for path in case.files):
        return False
    if "demo/app.yaml" not in demo_sources(case.files):
        return False  # without it the folder is no app that could be broken
    return any(not re.match(r"\S+ \S+ (warning|info): ", line) for line in case.problems)


CASES = [case for case in load_corpus(CORPUS.parent / "checked") if _is_broken(case)]
_OTHERS = [case for case in load_corpus(CORPUS) if _is_broken(case)]
CASES += _OTHERS[:: max(1, len(_OTHERS) // (40 - len(CASES)))][: 40 - len(CASES)]


def _write(folder: Path, case: AppCase | None) -> Path:
    """Make the app folder that of a case, or the sound one."""
    demo = folder / "demo"
    kept = demo / "app.yaml"
    for old in (each for each in sorted(demo.rglob("*"), reverse=True) if each != kept):
        old.unlink() if old.is_file() else old.rmdir()
    files = case.files if isinstance(case, AppCase) else ROLES
    for path, text in demo_sources(files).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return demo


def _state(served: Served) -> object:
    """Give all that a database holds: the bytes of a file, else every row of every table."""
    url = served.platform.settings.database_url
    if url.startswith("sqlite:"):
        file = Path(url.removeprefix("sqlite:///"))
        beside = file.with_name(file.name + "-wal")
        return file.read_bytes(), beside.read_bytes() if beside.exists() else b""
    return dump_tables(url)


def _rows(served: Served) -> Mapping[str, tuple[str, ...]]:
    """Give all rows but those that say what was refused."""
    return dump_tables(served.platform.settings.database_url, leave_out=OF_REFUSALS)


def _serves(served: Served) -> bool:
    return served.get("ann", "/records/deal").status_code == 200


def test_there_are_forty() -> None:
    assert len(CASES) == 40
    assert len({case.topic for case in CASES}) >= 8


def test_apply_refuses_each_and_changes_nothing(database_url: str, tmp_path: Path) -> None:
    app = _write(tmp_path, None)
    clock = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    with serve_deals(database_url, tmp_path, app_folder=app, clock=clock) as served:
        assert served.call("ann", "POST", "/records/deal", json={"name": "kept"}).status_code == 201
        assert _serves(served)
        running, before = served.platform.releases.current(), _state(served)
        is_file = database_url.startswith("sqlite:")
        for case in CASES:
            _write(tmp_path, case)
            with pytest.raises(ReleaseRefused) as refused:
                served.platform.apply_release([app], author="test")
            assert refused.value.problems, case.name
            assert served.platform.releases.current() is running, case.name
            assert _serves(served), case.name
            assert not is_file or _state(served) == before, case.name
        after = _state(served)
        assert after == before or (isinstance(after, dict) and changed_tables(before, after)) == []  # type: ignore[arg-type]


def test_a_watched_folder_that_breaks_is_not_applied_and_its_repair_is(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "_WATCH_EVERY_S", 0.02)
    app = _write(tmp_path, None)
    clock = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    with serve_deals(sqlite_url, tmp_path, app_folder=app, clock=clock) as served:
        assert _serves(served)
        running, before = served.platform.releases.current(), _state(served)
        told = ""
        for case in CASES:
            _write(tmp_path, case)
            stop = serve.watch_folders(served.platform, [app])
            try:
                found = _wait_for(capsys, "not applied", app / "app.yaml")
            finally:
                stop()
            told += found
            assert served.platform.releases.current() is running, case.name
            assert _serves(served), case.name
        assert _state(served) == before
        assert told.count("not applied") >= 40
        _write(tmp_path, None)
        stop = serve.watch_folders(served.platform, [app])
        try:
            note = app / "objects" / "note.yaml"
            note.write_text("object: note\nfields:\n  text: {type: text}\n", encoding="utf-8")
            _wait_for(capsys, "release 2", note)
        finally:
            stop()
        assert "note" in served.platform.releases.current().metamodel.objects
    shutil.rmtree(app)


def _files(app: Path) -> dict[str, str]:
    paths = (path for path in app.rglob("*") if path.is_file())
    return {f"{app.name}/{path.relative_to(app).as_posix()}": path.read_text(encoding="utf-8") for path in paths}


def test_the_api_refuses_each_with_its_problems(database_url: str, tmp_path: Path) -> None:
    app = _write(tmp_path, None)
    clock = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    with serve_deals(database_url, tmp_path, app_folder=app, clock=clock) as served:
        sound = served.get("admin", "/metadata").get_json()
        assert sound == {"release": 1, "files": _files(app)}
        before = _rows(served)
        for case in CASES:
            files = _files(_write(tmp_path, case))
            if not all(file_kind(path.partition("/")[2]) for path in files):
                answer = served.call("admin", "POST", "/metadata/apply", json={"files": files})
                assert answer.status_code == 400, case.name
                continue
            planned = served.call("admin", "POST", "/metadata/plan", json={"files": files})
            assert planned.status_code == 200, case.name
            assert planned.get_json()["problems"], case.name
            answer = served.call("admin", "POST", "/metadata/apply", json={"files": files})
            assert answer.status_code == 422, case.name
            (first, *_) = answer.get_json()["problems"]
            assert first["file"].startswith("demo/"), case.name
            assert first["line"] >= 1
            assert _serves(served), case.name
        assert served.get("admin", "/metadata").get_json() == sound
        assert _rows(served) == before


def test_the_api_publishes_what_is_sound_for_who_may_configure(database_url: str, tmp_path: Path) -> None:
    app = _write(tmp_path, None)
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        more = {**_files(app), "demo/objects/note.yaml": "object: note\r\nfields:\n  text: {type: text}\n"}
        for method, path in (("GET", "/metadata"), ("POST", "/metadata/plan"), ("POST", "/metadata/apply")):
            options: dict[str, Any] = {"json": {"files": more}} if method == "POST" else {}
            assert served.call("boss", method, path, **options).status_code == 403
            assert served.call(None, method, path, **options).status_code == 401
        planned = served.call("admin", "POST", "/metadata/plan", json={"files": more}).get_json()
        assert planned["safe"]
        assert served.get("admin", "/objects/note").status_code == 404
        answer = served.call("admin", "POST", "/metadata/apply", json={"files": more, "comment": "笔记"})
        assert answer.get_json() == {"release": 2, "new": True, "data_problems": []}
        assert served.get("admin", "/objects/note").status_code == 200
        again = served.call("admin", "POST", "/metadata/apply", json={"files": more})
        assert again.get_json() == {"release": 2, "new": False, "data_problems": []}
        assert served.platform.releases.history()[0].comment == "笔记"
        wrong_bodies: tuple[dict[str, Any], ...] = (
            {},
            {"files": {}},
            {"files": []},
            {"files": {"demo/app.yaml": 1}},
            {"files": {"../../etc/passwd": "x"}},
            {"files": {"demo/../x.yaml": "x"}},
            {"files": {"core/objects/user.yaml": "x"}},
            {"files": {"demo/hooks.py": "import os"}},
            {"files": more, "folder": "x"},
            {"files": more, "comment": "x" * 501},
        )
        for wrong in wrong_bodies:
            assert served.call("admin", "POST", "/metadata/apply", json=wrong).status_code == 400, wrong
        assert served.get("admin", "/metadata").get_json()["release"] == 2


def _wait_for(capsys: pytest.CaptureFixture[str], text: str, file: Path) -> str:
    """Save a file until the watcher says something: what it saw when it began is no change."""
    seen = ""
    for turn in range(1_500):
        if turn % 25 == 2:
            file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        output = capsys.readouterr()
        seen += output.out + output.err
        if text in seen:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"'{text}' was never said: {seen}")
