"""The rules and approvals of releases: as they were checked, as they are carried out, and what their runs wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.approvals.building import build_approvals, programs_of
from engine.approvals.program import ApprovalProgram
from engine.automation.program_builder import ProgramBuilder
from engine.automation.rule_index import RuleIndex
from engine.automation.waiting.awaited import awaited_before, note_awaited
from engine.releases.collector import collector_paused
from engine.releases.kept_trees import RULES
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from plugins.manager import PluginManager
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.rule_checker import check_all_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesOfReleases:
    """Checks and compiles the rules of a release, each once."""

    database: Database
    system: SystemTables
    functions: FunctionRegistry
    plugins: PluginManager

    def index(self, release: Release) -> RuleIndex:
        """Give the rules of a release, compiled once."""
        return release.part("automation", self._build_index)

    def approvals(self, release: Release) -> Mapping[str, ApprovalProgram]:
        """Give the approvals of a release, compiled once."""
        return release.part("automation.approvals", self._build_approvals)

    def checked(self, release: Release) -> Sequence[CheckedRule | CheckedApproval]:
        """Give the rules and approvals of a release as they were checked: those that are kept, else all are checked."""
        with collector_paused():
            kept = release.trees.open(RULES, release.metamodel)
            if kept is not None:
                return kept
            plugins = self.plugins
            found = check_all_rules(release.metamodel, self.functions, plugins.action_names, plugins.event_names)
            return (*found.rules, *found.approvals)

    def note_awaited(self, release: Release) -> None:
        """Write down what the runs of a published release may wait for, for the releases after it."""
        texts = (text.text for app in release.metamodel.apps for text in app.rule_files)
        # Rules are not compiled where none has the word.
        awaited = self.index(release).own_awaited if any("until" in text for text in texts) else ()
        if awaited:
            with self.database.write() as connection:
                note_awaited(connection, self.system, release.number, awaited)

    def _build_index(self, release: Release) -> RuleIndex:
        builder, checked = ProgramBuilder(release.metamodel), self.checked(release)
        with collector_paused():
            approvals = programs_of(self.approvals(release).values())
            with self.database.read() as connection:
                before = awaited_before(connection, self.system, release.number)
            rules = (builder.build(rule) for rule in checked if isinstance(rule, CheckedRule))
            return RuleIndex((*rules, *approvals), before)

    def _build_approvals(self, release: Release) -> Mapping[str, ApprovalProgram]:
        checked = (each for each in self.checked(release) if isinstance(each, CheckedApproval))
        return {each.key: each for each in build_approvals(release.metamodel, checked)}
