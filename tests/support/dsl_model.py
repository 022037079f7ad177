"""The metamodel of the language's corpus, as tests name it; part of the corpus runner that plugin authors have."""

from __future__ import annotations

from engine.testing.sample_model import sample_metamodel

__all__ = ["sample_metamodel"]
