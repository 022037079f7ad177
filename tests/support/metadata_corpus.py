"""The corpus of small broken apps of this project: tests/corpus/metadata, read by the corpus runner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.testing.app_cases import BASE, DEAL, AppCase, demo_sources, line_of
from engine.testing.corpus import load_corpus
from metamodel import load_sources

__all__ = ["BASE", "DEAL", "MetadataCase", "demo_sources", "line_of", "metadata_cases", "told"]

CORPUS = Path(__file__).resolve().parent.parent / "corpus" / "metadata"
MetadataCase = AppCase


def metadata_cases() -> Iterator[MetadataCase]:
    """Go through the whole corpus."""
    return (case for case in load_corpus(CORPUS) if isinstance(case, AppCase))


def told(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Load an app and give its problems, each as one line."""
    _, problems = load_sources(sources)
    return tuple(line_of(problem) for problem in problems)
