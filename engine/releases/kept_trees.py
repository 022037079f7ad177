"""Keeps the checked expressions and rules of the newest release in fs_checked, for the processes that start after it.

A row is data that names no class and no code, signed with a key made of the installation's secret, together with the
release and the program it belongs to. Whatever is not exactly that, be it old, damaged or written by somebody else,
counts as absent: then everything is parsed and checked as if nothing had been kept.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select

import metamodel as metamodel_package
import workflow_dsl
from engine.releases.collector import collector_paused
from engine.storage.system_tables import SystemTables
from metamodel.apps import Metamodel
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.keeping.forms import NotKeepable
from workflow_dsl.keeping.reading import TreeReader
from workflow_dsl.keeping.writing import TreeWriter

_LOG = logging.getLogger("fieldstone.releases")
_PURPOSE = b"fieldstone: checked expressions of releases"
_SIGNATURE_BYTES = 32
_LOCK = 0x46535F54524545
_FASTEST = 1
RULES = "rules"
"""The part of the rules; the expressions of an object are the part `part_of` names."""

Parts = Mapping[str, Iterable[object]]
Rows = list[dict[str, Any]]


def part_of(object_key: str) -> str:
    """Name the part of an object's expressions."""
    return f"object {object_key}"


def pack(writer: TreeWriter, trees: Iterable[object]) -> bytes:
    """Give trees as the content of a part.

    Raises: NotKeepable.
    """
    try:
        kept = writer.write(trees)
        return zlib.compress(orjson.dumps([kept.shared, kept.values]), _FASTEST)
    except (orjson.JSONEncodeError, RecursionError) as fault:
        raise NotKeepable(f"nested too deep: {fault}") from fault


class KeptTrees:
    """What is kept of one release, as one process has it: opened part by part, when it is first asked for."""

    __slots__ = ("_functions", "_parts", "_reader")

    def __init__(self, parts: Mapping[str, bytes], functions: FunctionRegistry) -> None:
        self._parts = parts
        self._functions = functions
        self._reader: TreeReader | None = None

    def __bool__(self) -> bool:
        return bool(self._parts)

    def open(self, part: str, metamodel: Metamodel) -> tuple[Any, ...] | None:
        """Give the trees of a part (`RULES`, `part_of` an object); None where they are not kept.

        metamodel: the release's own.
        """
        content = self._parts.get(part)
        if content is None:
            return None
        if self._reader is None:
            self._reader = TreeReader(metamodel, self._functions)
        try:
            with collector_paused():
                shared, values = orjson.loads(zlib.decompress(content))
                return tuple(self._reader.read(shared, values))
        except (NotKeepable, ValueError, zlib.error):
            # It is signed, so it was written so: a fault of this program, which must stop nobody.
            _LOG.exception("what is kept of %s cannot be read; it is checked again", part)
            return None


class KeptTreeStore:
    """The rows of fs_checked of one installation.

    extras: what else decides what checking finds: names of plugins' actions, versions of plugins.
    """

    def __init__(
        self, system: SystemTables, secret: bytes, functions: FunctionRegistry, extras: Iterable[str] = ()
    ) -> None:
        self._table = system.checked
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._functions = functions
        self._extras = tuple(extras)
        self._program = ""

    @property
    def program(self) -> str:
        """Which program this is: a digest of the language's own files, of what plugins add to it, and of its secret.

        With the secret, since a command that runs with another data folder signs otherwise: what it kept is nothing to
        this process, and no sign that somebody tampered with the rows.
        """
        if not self._program:
            whose = hmac.digest(self._key, b"whose rows these are", "sha256").hex()
            self._program = _program_digest(self._functions, (*self._extras, whose))
        return self._program

    def read(self, connection: Connection, number: int, checksum: str) -> KeptTrees:
        """Read what this program kept of a release; nothing at all where a single row is not as it was written."""
        table = self._table
        wanted = select(table.c.part, table.c.content)
        wanted = wanted.where(table.c.release == number, table.c.program == self.program)
        parts: dict[str, bytes] = {}
        for row in connection.execute(wanted):
            signed = bytes(row.content)
            content = signed[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signed[:_SIGNATURE_BYTES], self._signature(checksum, row.part, content)):
                _LOG.warning("what is kept of release %s is not what was written; it is checked again", number)
                return self.nothing
            parts[row.part] = content
        return KeptTrees(MappingProxyType(parts), self._functions)

    @property
    def nothing(self) -> KeptTrees:
        """What is kept of a release of which nothing is kept."""
        return KeptTrees(MappingProxyType({}), self._functions)

    def packed(self, number: int, checksum: str, metamodel: Metamodel, parts: Parts) -> Rows:
        """Give what was found of a release as the rows that `write` takes; parts without a form are left out."""
        writer = TreeWriter(metamodel, self._functions)
        rows = []
        for part, trees in parts.items():
            try:
                content = pack(writer, trees)
            except NotKeepable as fault:
                _LOG.info("%s of release %s is not kept: %s", part, number, fault)
                continue
            signed = self._signature(checksum, part, content) + content
            rows.append({"release": number, "part": part, "program": self.program, "content": signed})
        return rows

    def write(self, connection: Connection, rows: Rows) -> None:
        """Write rows in place of all that is kept; whoever else is about to waits for the end of the transaction."""
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        connection.execute(delete(self._table))
        if rows:
            connection.execute(insert(self._table), rows)

    def _signature(self, checksum: str, part: str, content: bytes) -> bytes:
        head = "\n".join((self.program, checksum, part)).encode()
        return hmac.digest(self._key, hashlib.sha256(head).digest() + content, "sha256")


def _program_digest(functions: FunctionRegistry, extras: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for package in (metamodel_package, workflow_dsl):
        folder = Path(str(package.__file__)).parent
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".lark", ".json", ".yaml")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    for function in functions:
        digest.update(repr((function.name, function.written, function.sql)).encode())
    digest.update(repr(sorted(extras)).encode())
    return digest.hexdigest()
