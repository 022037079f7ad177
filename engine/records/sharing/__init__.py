"""Sharing of records by hand: making shares, ending them, and reading who has a record by one."""
