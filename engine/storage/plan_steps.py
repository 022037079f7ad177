"""The steps of a migration plan and the plan itself, as data that is shown, stored and run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.storage.schema import Schema, schema_from_json, schema_to_json
from metamodel.source import Problem


class Phase(StrEnum):
    """When a step happens: beside the running release, or in the transaction that publishes the new one."""

    PREPARE = "prepare"
    SWITCH = "switch"


class Safety(StrEnum):
    """Whether a step can lose something."""

    SAFE = "safe"
    LOSSY = "lossy"


class StepKind(StrEnum):
    """What a step does, in the order in which kinds are run inside a phase."""

    DROP_INDEX = "drop_index"
    RENAME_TABLE = "rename_table"
    SET_ASIDE = "set_aside"
    CREATE_TABLE = "create_table"
    RENAME_COLUMN = "rename_column"
    REVIVE = "revive"
    ADD_COLUMN = "add_column"
    ADD_REFERENCE = "add_reference"
    CHANGE_TYPE = "change_type"
    RETIRE = "retire"
    DROP_WORDS = "drop_words"
    RENAME_OBJECT = "rename_object"
    RENAME_FIELD = "rename_field"
    RENAME_OPTION = "rename_option"
    FILL_DEFAULT = "fill_default"
    RECOMPUTE = "recompute"
    CREATE_INDEX = "create_index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `details` is JSON data by kind, `text` says it to people."""

    kind: StepKind
    phase: Phase
    text: str
    safety: Safety
    details: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Give the step as JSON data."""
        return {
            "kind": self.kind.value,
            "phase": self.phase.value,
            "text": self.text,
            "safety": self.safety.value,
            "details": dict(self.details),
        }

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Step:
        """Read a step from its JSON data."""
        return Step(
            kind=StepKind(raw["kind"]),
            phase=Phase(raw["phase"]),
            text=raw["text"],
            safety=Safety(raw["safety"]),
            details=raw["details"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPlan:
    """The steps from one schema to the next, in the order they are run; problems say what cannot be done."""

    steps: tuple[Step, ...]
    schema: Schema
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self.steps

    @property
    def lossy(self) -> tuple[Step, ...]:
        """The steps that may lose something."""
        return tuple(step for step in self.steps if step.safety is Safety.LOSSY)

    def in_phase(self, phase: Phase) -> tuple[Step, ...]:
        """Give the steps of a phase."""
        return tuple(step for step in self.steps if step.phase is phase)

    def to_json(self) -> dict[str, Any]:
        """Give the plan as JSON data, its problems left out."""
        return {"steps": [step.to_json() for step in self.steps], "schema": schema_to_json(self.schema)}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> MigrationPlan:
        """Read a plan from its JSON data."""
        return MigrationPlan(
            steps=tuple(Step.from_json(step) for step in raw["steps"]), schema=schema_from_json(raw["schema"])
        )

    @property
    def checksum(self) -> str:
        """A hash of the plan: the same plan has the same one."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()
