"""What can be done with the records that are ticked in a list: acts that each show first what they would meet."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from ui.pages.delete_many import delete_many_url
from ui.pages.list_plan import ListPlan
from ui.pages.list_state import ListState
from ui.pages.mass_edit import mass_edit_url
from ui.pages.press_many import list_buttons
from ui.pages.rights import access_of

_OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAct:
    """One act. url: its page without the list's address, which the form sends. field: what it changes, if one."""

    label: str
    url: str
    icon: str
    field: str = ""


def list_acts(plan: ListPlan, state: ListState) -> tuple[ListAct, ...]:
    """Give the acts that the person may do at all; none where rows are not ticked."""
    if not plan.selects:
        return ()
    fields, acts = plan.object_def.fields, []
    change, updatable = _page_of(mass_edit_url(state)), access_of().of(plan.object_def.key).updatable
    if change:
        acts.append(ListAct(label=str(_("Change")), url=change, icon="edit"))
        if _OWNER in updatable:
            acts.append(ListAct(label=str(_("Assign")), url=change, icon="user", field=_OWNER))
        tags = (name for name, each in fields.items() if each.type == "tags" and name in updatable)
        acts += [ListAct(label=str(_("Tag")), url=change, icon="tag", field=name) for name in list(tags)[:1]]
    acts += [
        ListAct(label=each.label, url=_page_of(each.url), icon="bolt") for each in list_buttons(plan.object_def, state)
    ]
    if delete := _page_of(delete_many_url(state)):
        acts.append(ListAct(label=str(_("Delete")), url=delete, icon="trash"))
    return tuple(acts)


def _page_of(url: str) -> str:
    return url.partition("?")[0]
