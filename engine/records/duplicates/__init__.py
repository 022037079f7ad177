"""Likely duplicates: how alike values are, the keys that find candidates, and what a save is told of them."""
