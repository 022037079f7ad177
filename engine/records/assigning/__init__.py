"""Giving records of a queue to its members: who may take one, who is next, why, and what was not touched in time."""
