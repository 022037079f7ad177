"""Reads connectors."""

from __future__ import annotations

from metamodel.definitions.connectors import BOTH, IN, OUT, THEIRS, ConnectorDef, ConnectorFieldDef
from metamodel.reading.node_values import FindObject, Reading, child, entries, integer, label, located, word
from metamodel.source import LocatedText
from metamodel.yaml_nodes import Mapping


def read_connector(node: Mapping, reading: Reading, find: FindObject) -> ConnectorDef:
    """Read a file of connectors/."""
    name = node.get("connector")
    app = reading.app(node.at)
    direction, conflict, key = (
        word(node.get("direction")) or BOTH,
        word(node.get("conflict")) or THEIRS,
        node.get("key"),
    )
    retry = node.get("retry")
    times = integer(child(retry, "times"))
    return ConnectorDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        object=find(word(node.get("object")), app),
        connection=word(node.get("connection")) or "",
        direction=direction,
        schedule=located(node.get("schedule")) or LocatedText(text="", at=node.at),
        role=word(node.get("role")) or "",
        key=word(key) or "",
        fields=_fields(node, direction, conflict),
        label=label(node.get("label"), reading.language),
        path=word(node.get("path")) or "",
        conflict=conflict,
        modified=word(node.get("modified")),
        retries=5 if times is None else times,
        pause=word(child(retry, "pause")) or "30 seconds",
    )


def _fields(node: Mapping, direction: str, conflict: str) -> dict[str, ConnectorFieldDef]:
    return {
        key.text: ConnectorFieldDef(
            field=key.text,
            theirs=word(value) or word(child(value, "theirs")) or key.text,
            at=key.at,
            direction=_narrower(direction, word(child(value, "direction"))),
            conflict=word(child(value, "conflict")) or conflict,
        )
        for key, value in entries(node.get("fields"))
    }


def _narrower(direction: str, own: str | None) -> str:
    return own if own in (IN, OUT) and direction == BOTH else direction
