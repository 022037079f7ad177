"""The language's corpus of this project: tests/corpus/dsl, read by the corpus runner that plugin authors have."""

from __future__ import annotations

from pathlib import Path

from engine.testing.corpus import load_corpus
from engine.testing.expression_cases import ExpressionCase
from engine.testing.sample_deals import (
    LISTS,
    NOW,
    SAMPLE_TABLES,
    constant,
    record_values,
    sample_context,
    sample_scope,
)

__all__ = [
    "LISTS",
    "NOW",
    "SAMPLE_TABLES",
    "Case",
    "constant",
    "load_cases",
    "record_values",
    "sample_context",
    "sample_scope",
]

CORPUS = Path(__file__).resolve().parent.parent / "corpus" / "dsl"
Case = ExpressionCase


def load_cases() -> list[Case]:
    """Read all cases of tests/corpus/dsl."""
    return [case for case in load_corpus(CORPUS) if isinstance(case, ExpressionCase)]
