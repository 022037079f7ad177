"""The sample records of the language's corpus in a database, as tests name them; part of the corpus runner."""

from __future__ import annotations

from engine.testing.sample_database import SampleDatabase, as_compared, check_for_sql, short, with_long_ids

__all__ = ["SampleDatabase", "as_compared", "check_for_sql", "short", "with_long_ids"]
