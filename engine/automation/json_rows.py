"""Lets dbos read its rows as JSON only.

A row of dbos names the form that its values are written in, and one of the forms is pickle, which does whatever the
bytes say. Ours are JSON; a row that says otherwise was changed by somebody, and is refused before it is read.
"""

from __future__ import annotations

from typing import Any, NoReturn


class PickledRow(ValueError):
    """A row of the durable engine says that it is pickled, which nothing of ours is."""


def refuse_pickle() -> None:
    """Make dbos refuse pickled rows in this process; to be called before it connects to anything."""
    from dbos._serialization import DefaultSerializer

    for name in ("serialize", "deserialize"):
        setattr(DefaultSerializer, name, _refuse)


def _refuse(_serializer: object, _value: Any) -> NoReturn:
    raise PickledRow("the durable engine's rows are JSON; this one says that it is pickled")
