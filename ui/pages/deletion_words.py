"""Why a record could not be deleted, for people."""

from __future__ import annotations

from flask_babel import gettext as _

from engine.errors import AccessDenied, EngineError, RecordInUse, RecordNotFound
from metamodel.texts import label_text
from ui.context import language, release
from ui.telling import tell


def deletion_refused(fault: EngineError) -> str:
    """Say why."""
    if isinstance(fault, RecordInUse):
        if not fault.count:
            return str(_("Not deleted: records that you may not see use it."))
        target = release().metamodel.objects.get(fault.used_by)
        label = label_text(target.plural or target.label, language(), target.name) if target else fault.used_by
        return str(_("Not deleted: %(count)s records of “%(label)s” use it.", count=fault.count, label=label))
    if isinstance(fault, RecordNotFound):
        return str(_("There is no such record."))
    return tell(fault.reason if isinstance(fault, AccessDenied) else str(fault))
