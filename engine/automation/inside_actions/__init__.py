"""Actions inside the database: a module a family, each with its table of performers, joined here."""

from __future__ import annotations

from types import MappingProxyType

from engine.automation.inside_actions.answering import ANSWER_PERFORMERS
from engine.automation.inside_actions.approvals import APPROVAL_PERFORMERS
from engine.automation.inside_actions.assigning import ASSIGNING_PERFORMERS
from engine.automation.inside_actions.base import Doing, Door, Perform, Performers, Work
from engine.automation.inside_actions.fates import FATE_PERFORMERS
from engine.automation.inside_actions.following import FOLLOW_PERFORMERS
from engine.automation.inside_actions.marking import MARKING_PERFORMERS
from engine.automation.inside_actions.records import RECORD_PERFORMERS
from engine.automation.inside_actions.sharing import SHARE_PERFORMERS
from engine.automation.inside_actions.telling import TELLING_PERFORMERS

__all__ = ["PERFORMERS", "Doing", "Door", "Perform", "Performers", "Work"]

PERFORMERS: Performers = MappingProxyType(
    {
        **RECORD_PERFORMERS,
        **MARKING_PERFORMERS,
        **ASSIGNING_PERFORMERS,
        **FATE_PERFORMERS,
        **FOLLOW_PERFORMERS,
        **SHARE_PERFORMERS,
        **TELLING_PERFORMERS,
        **ANSWER_PERFORMERS,
        **APPROVAL_PERFORMERS,
    }
)
