"""What a record was converted into, as its page shows it; records that may not be read are named by their kind only."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _

from engine.records.conversions.keeping import MadeRecord, read_conversion
from engine.records.conversions.plan import conversion_plans
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import release
from ui.formats import Formats


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLink:
    """One record that was made or taken."""

    title: str
    href: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedInto:
    """A conversion that was done."""

    made: tuple[MadeLink, ...]
    when: str
    who: str


def converted_into(
    transaction: Transaction, object_def: ObjectDef, record_id: str, formats: Formats
) -> ConvertedInto | None:
    """Give what a record became; objects without conversions ask nothing."""
    if not conversion_plans(transaction.parts, object_def.key):
        return None
    done = read_conversion(transaction, object_def, record_id)
    if done is None:
        return None
    by = ("user", done.by) if done.by is not None else None
    names = transaction.reader.titles([by] if by is not None else [])
    return ConvertedInto(
        made=tuple(_link(each, formats) for each in done.made),
        when=formats.datetime(done.at),
        who=names.get(by, "") if by is not None else "",
    )


def _link(made: MadeRecord, formats: Formats) -> MadeLink:
    found = release().metamodel.objects.get(made.object)
    label = label_text(found.label, formats.language, found.name) if found is not None else made.object
    href = f"/o/{quote(made.object)}/{quote(made.id)}" if made.title else ""
    return MadeLink(title=made.title or str(_("Not yours to see")), href=href, label=label)
