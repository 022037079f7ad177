"""Checks app.yaml, option sets, connections, templates and data files: what they name, and what nobody names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from zoneinfo import available_timezones

from metamodel.app_tree import AppTree
from metamodel.apps import Metamodel
from metamodel.folder import FileKind
from metamodel.linking.app_order import is_version
from metamodel.linking.object_names import ObjectNames
from metamodel.names import did_you_mean
from metamodel.reading.node_values import child, entries, items, scalars, word
from metamodel.references.connections import check_connection, check_gateway
from metamodel.references.telling import tell_unknown
from metamodel.source import LocatedText, Location, Problems, Severity
from metamodel.sources import DATABASE, OWN_VARIABLES
from metamodel.yaml_nodes import Mapping, Node, Scalar

# Whoever loads users gives them their roles too; these are kept with the account, not as a field of the record.
_ACCOUNT_COLUMNS = {"user": ("roles",)}
_SIGNED = {"webhook_in": Severity.ERROR, "webhook_out": Severity.WARNING}
_SECRET_KEYS = ("secret", "password", "token", "api_key")


def check_app_files(metamodel: Metamodel, trees: tuple[AppTree, ...], names: ObjectNames, problems: Problems) -> None:
    """Check the files that are about the app as a whole.

    Problems: APP322 – APP325, APP441 – APP446, APP451 – APP453, OBJ401.
    """
    for tree in trees:
        _check_app(tree.app, metamodel, problems)
        for connection in tree.files[FileKind.CONNECTION]:
            _check_secrets(connection, problems)
            _check_signed(connection, problems)
            check_connection(connection, problems)
        for template in tree.templates:
            _check_language(template.front, metamodel, problems)
            check_gateway(template.front, metamodel, problems)
            target = template.front.get("object")
            if isinstance(target, Scalar):
                names.resolve(target.text, tree.name, target.at, problems)
        for data in tree.files[FileKind.DATA]:
            _check_records(data, tree.name, metamodel, names, problems)
        for text in tree.data_files:
            if text.at.file.endswith(".csv"):
                _check_csv(text, tree.name, metamodel, names, problems)
    _check_option_sets(metamodel, trees, problems)


def _check_app(app: Mapping, metamodel: Metamodel, problems: Problems) -> None:
    version = app.get("version")
    if isinstance(version, Scalar) and not is_version(version.text):
        message = f"'{version.text}' is not a version"
        problems.report("APP322", message, version.at, hint="write one such as 1.2.0", length=version.length)
    zone = app.get("timezone")
    if isinstance(zone, Scalar):
        zones = available_timezones()
        if zone.text not in zones:
            tell_unknown(problems, "APP323", zone, "a time zone", zones)
    calendar = app.get("calendar")
    if isinstance(calendar, Scalar) and calendar.text not in metamodel.calendars:
        tell_unknown(problems, "APP325", calendar, "a calendar", metamodel.calendars)
    for role in scalars(child(app.get("automation"), "roles")):
        if role.text not in metamodel.roles:
            tell_unknown(problems, "APP411", role, "a role", metamodel.roles)
    for setting in entries(app.get("settings")):
        for entry in entries(child(setting.value, "by_role")):
            if entry.key.text not in metamodel.roles:
                tell_unknown(problems, "APP411", entry.key, "a role", metamodel.roles)


def _check_secrets(connection: Mapping, problems: Problems) -> None:
    # Variables of databases are judged where objects come from them.
    is_database = word(connection.get("kind")) == DATABASE
    for key, value in connection.items():
        is_secret = key.text in _SECRET_KEYS or key.text.endswith(("_secret", "_password", "_token"))
        if not is_secret or not isinstance(value, Scalar):
            continue
        if not _is_secret_name(value.text):
            message = f"'{key.text}' must name a secret, not hold it"
            hint = "write the name of an environment variable, such as FINANCE_WEBHOOK_SECRET"
            problems.report("APP441", message, value.at, hint=hint, length=value.length)
        elif value.text.startswith(OWN_VARIABLES) and not is_database:
            message = f"'{key.text}' names a variable of Fieldstone itself, which is sent to nobody"
            hint = "name a variable of the other side, such as FINANCE_WEBHOOK_SECRET"
            problems.report("APP441", message, value.at, hint=hint, length=value.length)


def _check_signed(connection: Mapping, problems: Problems) -> None:
    """Make sure that a webhook proves who calls: of one that others call nothing else would."""
    kind, secret = connection.get("kind"), connection.get("secret")
    if not isinstance(kind, Scalar) or kind.text not in _SIGNED or secret is not None:
        return
    severity = _SIGNED[kind.text]
    name = word(connection.get("connection")) or ""
    message = f"the webhook '{name}' has no secret, so " + (
        "anybody could call it" if severity is Severity.ERROR else "who is called can't tell who calls"
    )
    hint = "write secret: and the name of an environment variable, such as FINANCE_WEBHOOK_SECRET"
    problems.report("APP442", message, kind.at, hint=hint, severity=severity, length=kind.length)


def _is_secret_name(text: str) -> bool:
    return bool(text) and text[0].isalpha() and text == text.upper() and text.replace("_", "").isalnum()


def _check_language(front: Mapping, metamodel: Metamodel, problems: Problems) -> None:
    language = front.get("language")
    known = {code for app in metamodel.apps for code in app.languages}
    if isinstance(language, Scalar) and language.text not in known:
        tell_unknown(problems, "APP324", language, "a language of the app", known)


def _check_records(data: Mapping, app: str, metamodel: Metamodel, names: ObjectNames, problems: Problems) -> None:
    target = data.get("object")
    if not isinstance(target, Scalar):
        return
    key = names.resolve(target.text, app, target.at, problems)
    if key is None:
        return
    for record in items(data.get("records")):
        for entry in entries(record):
            _check_column(entry.key.text, entry.key.at, key, metamodel, problems)


def _check_column(column: str, at: Location, key: str, metamodel: Metamodel, problems: Problems) -> None:
    fields = metamodel.objects[key].fields
    name = column.split(".", 1)[0]
    if name not in fields and column not in _ACCOUNT_COLUMNS.get(key, ()):
        problems.report("APP451", f"'{name}' is not a field of {key}", at, hint=did_you_mean(name, fields),
                        length=max(1, len(name)))  # fmt: skip


def _check_csv(text: LocatedText, app: str, metamodel: Metamodel, names: ObjectNames, problems: Problems) -> None:
    bare = text.at.file.rsplit("/", 1)[-1].removesuffix(".csv")
    found = names.candidates(bare, app)
    if len(found) != 1:
        hint = did_you_mean(bare, names.known(app)) or "a data file is named after its object, such as product.csv"
        problems.report("APP452", f"'{bare}' is not an object", text.at, hint=hint)
        return
    header = text.text.split("\n", 1)[0]
    column = 1
    for cell in next(csv.reader(io.StringIO(header)), []):
        if cell.strip():
            place = Location(file=text.at.file, line=1, column=column)
            _check_column(cell.strip(), place, found[0], metamodel, problems)
        column += len(cell) + 1


def _check_option_sets(metamodel: Metamodel, trees: tuple[AppTree, ...], problems: Problems) -> None:
    if any(tree.unreadable for tree in trees):
        # A field of the file that can't be read may use any of them.
        return
    used = {
        field.choice.option_set
        for object_def in metamodel.objects.values()
        for field in object_def.fields.values()
        if field.choice is not None
    } | set(_written_sets(trees))
    for tree in trees:
        for node in tree.files[FileKind.OPTION_SET]:
            name: Node | None = node.get("option_set")
            if isinstance(name, Scalar) and word(name) not in used:
                message = f"no field uses the option set '{name.text}'"
                problems.report("OBJ401", message, name.at, severity=Severity.WARNING, length=name.length)


def _written_sets(trees: tuple[AppTree, ...]) -> Iterator[str]:
    """Give the option sets that fields name; one of a wrong type has no options, but means to use its set."""
    for tree in trees if any(tree.files[FileKind.OPTION_SET] for tree in trees) else ():
        for node in (*tree.files[FileKind.OBJECT], *tree.files[FileKind.EXTENSION]):
            for entry in entries(node.get("fields")):
                name = word(child(entry.value, "options"))
                if name is not None:
                    yield name
