"""The change feed: what was committed, once and in order, for who may read it."""
