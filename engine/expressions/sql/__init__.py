"""Typed expressions as SQL: values, scopes with their joins, operators, functions and aggregates."""
