"""What must stand in no answer to a user of the sales app: ids and words of denied records, denied or masked values."""

from __future__ import annotations

from engine.platform import Platform
from tests.support.sales import SalesInstallation
from tests.support.sales_scene import Scene

HIDDEN_FIELD, MASKED_FIELD = "credit_limit", "email"
_MASKING_ROLES = ("sales_rep", "finance")


def mask_fields(platform: Platform, sales: SalesInstallation) -> None:
    """Let some roles of the installation see the addresses of contacts masked."""
    for name in _MASKING_ROLES:
        path = sales.app / "roles" / f"{name}.yaml"
        text = path.read_text("utf-8")
        path.write_text(text.replace("fields:\n", "fields:\n  contact.email: {read: masked}\n", 1), "utf-8")
    platform.apply_release([sales.app], author="test")


def denied_words(scene: Scene, who: str) -> dict[str, str]:
    """Give word → what it would give away.

    An id that a readable record holds in a lookup is a value of that record: it is shown bare, so that saving what was
    read keeps it. Nothing else of the record it leads to is. Of a masked address the name is hidden but for its first
    character.
    """
    reference, found = scene.reference(who), {}
    known = scene.world.targets(lambda object_name, record_id: reference.may_read(object_name, record_id))
    for object_name, records in scene.world.records.items():
        for record_id, record in records.items():
            if not reference.may_read(object_name, record_id):
                if record_id not in known:
                    found[record_id] = f"the id of a denied {object_name}"
                if record_id in scene.world.words:
                    found[scene.world.words[record_id]] = f"the text of a denied {object_name}"
            if object_name == "account" and not reference.may_read_field("account", record_id, HIDDEN_FIELD):
                found[record[HIDDEN_FIELD]] = "a denied credit limit"
            if object_name == "contact" and not reference.may_read_field("contact", record_id, MASKED_FIELD):
                found[record[MASKED_FIELD][1:].partition("@")[0]] = "a masked e-mail address"
    return found
