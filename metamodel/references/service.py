"""Checks calendars, service clocks, currencies and territories: days that exist, hours in order, names."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from metamodel.app_tree import AppTree
from metamodel.folder import FileKind
from metamodel.reading.node_values import child, entries, scalars, word
from metamodel.reading.service_files import day_of, hours_of
from metamodel.references.definition_names import DefinitionNames
from metamodel.service_clocks import PARTS, clock_field
from metamodel.yaml_nodes import Mapping, Node, Scalar

_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]\Z")
_HOURS = re.compile(r"[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]\Z")


def check_calendar(node: Mapping, look: DefinitionNames) -> None:
    """Check a calendar.

    Problems: APP323, APP511, APP512.
    """
    zone = node.get("timezone")
    if isinstance(zone, Scalar) and zone.value is not None:
        look.known("APP323", zone, "a time zone", available_timezones())
    for _, value in entries(node.get("hours")):
        for hours in scalars(value):
            if _HOURS.match(hours.text) and hours_of(hours.text) is None:
                hint = "they go from an earlier to a later time of one day, such as 09:00-18:00"
                look.fault("APP511", f"'{hours.text}' are no hours of a day", hours, hint)
    holidays = {scalar.text for scalar in scalars(node.get("holidays"))}
    for part in ("holidays", "workdays"):
        for scalar in scalars(node.get(part)):
            _check_day(scalar, look)
    for scalar in scalars(node.get("workdays")):
        if scalar.text in holidays:
            look.fault("APP512", f"{scalar.text} is a holiday and a workday", scalar)


def _check_day(node: Scalar, look: DefinitionNames) -> None:
    # What does not even look like a day or hours is told of by the shape of the file.
    if _DAY.match(node.text) and day_of(node.text) is None:
        look.fault("APP512", f"'{node.text}' is not a day of the calendar", node)


def check_service_clock(node: Mapping, look: DefinitionNames) -> None:
    """Check a service clock.

    Problems: APP501, APP513 – APP515, APP528, OBJ201.
    """
    key = look.object(node.get("object"))
    _check_own_fields(key, node.get("sla"), look)
    by = look.field("APP501", node.get("by"), key)
    look.known("APP513", node.get("calendar"), "a calendar", look.metamodel.calendars)
    if by is not None and by.choice is None:
        look.fault("APP514", f"targets need a choice field; '{by.name}' is {by.value_type}", node.get("by"))
    for option, _ in entries(node.get("targets")):
        if by is not None and by.choice is not None:
            look.known("APP514", option, f"an option of '{by.name}'", by.choice.names)
    targets = node.key("targets")
    if targets is not None and node.get("by") is None:
        look.fault("APP515", "'targets' needs 'by', the choice field they are for", targets)
    if targets is None and node.get("target") is None:
        look.fault("APP515", "a service clock needs 'target', or 'by' and 'targets'", node.key("sla"))


def _check_own_fields(key: str | None, name: Node | None, look: DefinitionNames) -> None:
    """Tell of fields of the object that stand in the way of those the clock gives it."""
    if key is None or not isinstance(name, Scalar):
        return
    for part in PARTS:
        made = clock_field(name.text, part)
        field = look.drafts[key].fields.get(made)
        if field is not None and not field.system:
            message = f"'{made}' is a field that this clock gives {key}, and {key} has one of that name"
            look.fault("APP528", message, name, "name the clock otherwise")


def check_currencies(node: Mapping, look: DefinitionNames) -> None:
    """Check currencies.yaml.

    Problems: APP512, APP516, APP519.
    """
    for currency, value in entries(node.get("currencies")):
        is_base = currency.text == look.metamodel.main.currency
        # A code that is none, or a key that is misspelt, is told already.
        sound = len(currency.text) == 3 and currency.text.isupper() and not _other_keys(value)
        if sound and not is_base and not entries(child(value, "rates")):
            message = f"'{currency.text}' has no rate, so no amount can be in it"
            hint = f"write what one unit is worth in {look.metamodel.main.currency}: rates: {{2026-01-01: 1}}"
            look.fault("APP519", message, currency, hint=hint)
        if is_base and child(value, "rates") is not None:
            message = f"'{currency.text}' is the base currency; it has no rate"
            look.fault("APP516", message, currency)
        for day, _ in entries(child(value, "rates")):
            _check_day(day, look)


def _other_keys(node: Node | None) -> bool:
    return any(key.text not in ("label", "digits", "rates") for key, _ in entries(node))


def check_organization(node: Mapping, look: DefinitionNames) -> None:
    """Check queues and territories.

    Problems: APP512, APP513, APP517, APP518, APP539, OBJ201.
    """
    for _, queue in entries(node.get("queues")):
        members = tuple(scalar.text for scalar in scalars(child(queue, "members")))
        for part in ("skills", "absence", "weights", "hours"):
            for member, value in entries(child(queue, part)):
                look.known("APP518", member, "a member of this queue", members)
                if part == "hours":
                    look.known("APP513", value, "a calendar", look.metamodel.calendars)
                for day in ("from", "until") if part == "absence" else ():
                    written = child(value, day)
                    if isinstance(written, Scalar):
                        _check_day(written, look)
    for _, territory in entries(node.get("territories")):
        _check_territory(territory, look)


def _check_territory(territory: Node, look: DefinitionNames) -> None:
    for member in scalars(child(territory, "members")):
        if "@" not in member.text:
            message = f"'{member.text}' is not an address that somebody logs in with"
            look.fault("APP539", message, member, "rights go by addresses; write the e-mail address of a user")
    look.known("APP517", child(territory, "parent"), "a territory", look.metamodel.territories)
    for name, _ in entries(child(territory, "objects")):
        look.object(name)


def check_territory_circles(tree: AppTree, look: DefinitionNames) -> None:
    """Tell of territories that lie in each other.

    Problems: APP517.
    """
    parents = {
        key.text: child(value, "parent")
        for node in tree.files[FileKind.ORGANIZATION]
        for key, value in entries(node.get("territories"))
    }
    for name in parents:
        chain, at = [name], word(parents[name])
        while at is not None and at in parents and at not in chain:
            chain.append(at)
            at = word(parents[at])
        if at == name and name == min(chain):
            message = f"territories lie in each other: {' → '.join([*chain, name])}"
            look.fault("APP517", message, parents[name])
