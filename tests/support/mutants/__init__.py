"""Counts how many altered programs the tests notice: `python -m tests.support.mutants`."""
