"""Builders for tests of rules, as tests name them; they are part of the corpus runner that plugin authors have."""

from __future__ import annotations

from engine.testing.sample_shop import APP, FAST, do_runs, person, publish_rules, rows_of, runs_of, shop

__all__ = ["APP", "FAST", "do_runs", "person", "publish_rules", "rows_of", "runs_of", "shop"]
