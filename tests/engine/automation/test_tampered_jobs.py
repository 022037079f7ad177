"""A row of the durable engine that says it is pickled is refused, and what others wait for is done."""

from __future__ import annotations

import base64
import logging
import os
import pickle
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.automation.durable import RunQueue, segment_name
from engine.storage.dialect import Dialect
from tests.support.automation import person, rows_of, runs_of, shop
from tests.support.worker_process import wait_until


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._file),)


class Heard(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.mark.promise("SEC-42")
def test_a_job_that_was_changed_to_a_pickled_one_is_refused_before_it_is_read(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, 'rule r when deal is created then set note = "x"') as platform:
        boss = person(platform, "bob", "boss")
        for number in range(2):
            platform.records.create(boss, "deal", {"name": str(number)})
        queue, first = RunQueue(platform.database), runs_of(platform)[0]["id"]
        queue.prepare()
        with platform.database.write() as connection:
            queue.start(connection, first)
        schema = "" if platform.database.dialect is Dialect.SQLITE else "dbos."
        change = f"UPDATE {schema}workflow_status SET serialization = :form, inputs = :inputs WHERE workflow_uuid = :i"
        evil = base64.b64encode(pickle.dumps({"args": Evil(tmp_path / "evil"), "kwargs": {}})).decode()
        with platform.database.write() as connection:
            connection.execute(text(change), {"form": "py_pickle", "inputs": evil, "i": segment_name(first, 0)})
        heard = Heard()
        logging.getLogger("dbos").addHandler(heard)
        worker = platform.automation.worker(concurrency=1)
        worker.start()
        try:
            wait_until(lambda: any("this one says that it is pickled" in each for each in heard.texts))
            wait_until(lambda: {run["state"] for run in runs_of(platform)} == {"done"})
        finally:
            worker.stop()
            logging.getLogger("dbos").removeHandler(heard)
        queue.close()
        assert [row["note"] for row in rows_of(platform, "deal")] == ["x", "x"]
        assert not (tmp_path / "evil").exists()
