"""Steps of cases of rules that are more than one save: `restore`, `merge`, `convert`, and `import` as one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.access.actor import Actor
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from engine.records.conversions.converting import ConversionRequest, convert_record
from engine.records.merging.merging import MergeRequest, merge_records

CONVERSION = """
conversion: deal_to_job
from: deal
to:
  task: {object: job, fields: {subject: name, deal: this}}
  copy: {object: deal, fields: {name: '"Copy of {name}"'}, when: 'note = "copy"'}
set: {stage: '"won"'}
"""
FATES = ("restore", "merge", "convert")


def meet(platform: Platform, verb: str, actor: Actor, place: tuple[str, str], values: Mapping[str, Any]) -> None:
    """Do one of `FATES` to a record; `merge` has the other one under `from`.

    Raises: ValidationFailed, and what the doors raise.
    """
    object_key, record_id = place
    if verb == "restore":
        platform.records.restore(actor, object_key, record_id)
        return
    with platform.records.transaction(actor) as transaction:
        object_def = transaction.object_def(object_key)
        if verb == "merge":
            merge_records(transaction, object_def, record_id, MergeRequest(gone=(values["from"],), confirm=None))
        else:
            convert_record(transaction, object_def, record_id, ConversionRequest(confirm=None))


def save_batch(platform: Platform, actor: Actor, object_key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Create records as one batch, as an import does."""
    platform.records.save_many(actor, object_key, [SaveRow(values=row) for row in rows], all_or_nothing=True)
