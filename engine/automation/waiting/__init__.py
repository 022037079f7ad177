"""Runs that wait until a condition holds: what it has read, which saves touch that, and when a run looks again."""
