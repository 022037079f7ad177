"""Connectors: records of an object and of an outside system are kept the same, and both sides are compared."""
