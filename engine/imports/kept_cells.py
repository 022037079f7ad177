"""How cells of imported files are kept: sealed, where the object has encrypted fields, whose values a file tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from engine.releases.release import Release
from engine.storage.sealing import SEALED_MARKS, Cipher, is_sealed
from engine.storage.system_tables import SystemTables

_SAMPLE = "sealed"


@dataclass(frozen=True, slots=True)
class KeptCells:
    """Seals and opens them; bound to the import that they are of."""

    cipher: Cipher
    release: Callable[[], Release]

    def sealer(self, object_key: str, import_id: str) -> Callable[[str], str]:
        """Give what makes of a text what is kept of it."""
        fields = self.release().metamodel.objects[object_key].fields
        if not any(each.encrypted for each in fields.values()):
            return lambda text: text
        return lambda text: self.cipher.seal(text, _place(import_id)) if text else text

    def opened(self, import_id: str, kept: str | None) -> str:
        """Give the text again."""
        return self.cipher.open(kept, _place(import_id)) if kept and is_sealed(kept) else kept or ""

    def sample(self, object_key: str, import_id: str, sample: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what is kept of the first rows of a file."""
        text = json.dumps(sample)
        kept = self.sealer(object_key, import_id)(text)
        return sample if kept is text else {_SAMPLE: kept}

    def opened_sample(self, import_id: str, kept: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Give the first rows again."""
        if kept is None or _SAMPLE not in kept:
            return kept
        found: Mapping[str, Any] = json.loads(self.cipher.open(kept[_SAMPLE], _place(import_id)))
        return found


def forget_sealed_cells(connection: Connection, system: SystemTables) -> None:
    """Delete all sealed cells of imports: nobody can search in them for what has to go."""
    files, made, faults = system.import_file, system.imported, system.import_error
    sealed = or_(_is_sealed(files.c.content), _is_sealed(files.c.rejected))
    ids = connection.execute(select(files.c.import_id).where(sealed)).scalars().all()
    connection.execute(update(files).where(files.c.import_id.in_(ids)).values(content="", rejected=None))
    connection.execute(update(made).where(made.c.id.in_(ids)).values(sample=None))
    connection.execute(delete(faults).where(or_(_is_sealed(faults.c.reason), _is_sealed(faults.c.value))))


def _is_sealed(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.substr(column, 1, len(SEALED_MARKS[0])).in_(SEALED_MARKS)


def _place(import_id: str) -> str:
    return f"import|{import_id}"
