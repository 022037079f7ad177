"""Checks connections with keys of their own: mail boxes, SMS gateways, APIs of others; other kinds are their plugins'.

What is written is judged, never what it leads to: whether a host answers is seen when it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from metamodel.apps import Metamodel
from metamodel.definitions.connectors import HTTP_API
from metamodel.names import did_you_mean
from metamodel.reading.node_values import child, items, scalars, word
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar, Sequence

MAILBOX = "mailbox"
SMS_GATEWAY = "sms_gateway"
_COMMON = ("connection", "kind", "label")
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[^\s@<>,;:\"\\()\[\]]+\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
Judge = Callable[[Node], str | None]
"""Says what is wrong with a value, None where it is right."""


def _a_text(node: Node) -> str | None:
    return None if isinstance(node, Scalar) and node.text.strip() else "it is a text"


def _a_host(node: Node) -> str | None:
    plain = isinstance(node, Scalar) and re.fullmatch(r"[\w.:-]+", node.text)
    return None if plain else "it is the name of a host, such as imap.example.com"


def _a_port(node: Node) -> str | None:
    value = node.value if isinstance(node, Scalar) else None
    right = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65_535
    return None if right else "it is a number from 1 to 65535"


def _one_of(*words: str) -> Judge:
    hint = f"it is {', '.join(words[:-1])} or {words[-1]}"
    return lambda node: None if isinstance(node, Scalar) and node.text in words else hint


def _addresses(node: Node) -> str | None:
    given = [each.text for each in scalars(node)]
    if not given or not all(_ADDRESS.match(each) for each in given):
        return "they are one or more mail addresses"
    return None


def _a_web_address(node: Node) -> str | None:
    hint = "it is the address that SMS are posted to, such as https://sms.example.com/send"
    return None if _leads_to_the_web(node) else hint


def _an_api_address(node: Node) -> str | None:
    hint = "it is the address of their API, such as https://erp.example.com/api"
    plain = _leads_to_the_web(node) and isinstance(node, Scalar) and not set(node.text) & set("?#")
    return None if plain else hint


def _leads_to_the_web(node: Node) -> bool:
    text = node.text if isinstance(node, Scalar) else ""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def _headers(node: Node) -> str | None:
    if isinstance(node, MappingNode) and all(_is_header(key, value) for key, value in node.items()):
        return None
    return "they are names of headers, each with a text"


def _is_header(name: Scalar, value: Node) -> bool:
    return bool(_HEADER.match(name.text)) and isinstance(value, Scalar) and "\n" not in value.text


def _a_body(node: Node) -> str | None:
    return None if isinstance(node, MappingNode) else "it is what is posted, as keys with values"


def _success(node: Node) -> str | None:
    told = "it says which reply means success: {field: code, values: [0]}, and `temporary` which may pass"
    if not isinstance(node, MappingNode) or {key.text for key, _ in node.items()} - {"field", "values", "temporary"}:
        return told
    lists = (child(node, "values"), child(node, "temporary"))
    listed = all(each is None or isinstance(each, Scalar) or _is_list_of_values(each) for each in lists)
    return None if word(child(node, "field")) and lists[0] is not None and listed else told


def _is_list_of_values(node: Node) -> bool:
    return isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in items(node))


_KEYS: Mapping[str, Mapping[str, Judge]] = MappingProxyType(
    {
        MAILBOX: {
            "host": _a_host,
            "user": _a_text,
            "secret": _a_text,
            "addresses": _addresses,
            "port": _a_port,
            "security": _one_of("tls", "starttls", "none"),
            "folder": _a_text,
        },
        SMS_GATEWAY: {
            "url": _a_web_address,
            "secret": _a_text,
            "user": _a_text,
            "headers": _headers,
            "body": _a_body,
            "as": _one_of("json", "form"),
            "success": _success,
        },
        HTTP_API: {"url": _an_api_address, "secret": _a_text, "headers": _headers},
    }
)
_NEEDED = MappingProxyType(
    {MAILBOX: ("host", "user", "secret", "addresses"), SMS_GATEWAY: ("url",), HTTP_API: ("url",)}
)


def check_connection(connection: MappingNode, problems: Problems) -> None:
    """Check the keys of a connection.

    Problems: APP443 a key that its kind does not have, APP444 one that it needs, APP445 a wrong value.
    """
    kind = word(connection.get("kind")) or ""
    keys = _KEYS.get(kind)
    if keys is None:
        return
    for name, value in connection.items():
        if name.text in _COMMON:
            continue
        if name.text not in keys:
            hint = did_you_mean(name.text, keys) or f"there are {', '.join(keys)}"
            message = f"a connection of kind '{kind}' has no '{name.text}'"
            problems.report("APP443", message, name.at, hint=hint, length=name.length)
        elif fault := keys[name.text](value):
            problems.report("APP445", f"'{name.text}' is not right", value.at, hint=fault, length=value.length)
    for key in _NEEDED[kind]:
        if connection.get(key) is None:
            at = connection.get("kind") or connection
            problems.report("APP444", f"a connection of kind '{kind}' needs '{key}'", at.at, length=at.length)


def check_gateway(front: MappingNode, metamodel: Metamodel, problems: Problems) -> None:
    """Check the gateway that a template names.

    Problems: APP446.
    """
    name = front.get("gateway")
    known = [each.name for each in metamodel.connections.values() if each.kind == SMS_GATEWAY]
    if isinstance(name, Scalar) and name.text not in known:
        tell_unknown(problems, "APP446", name, f"a connection of kind '{SMS_GATEWAY}'", known)
