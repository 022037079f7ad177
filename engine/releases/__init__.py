"""Releases: checking app folders, publishing them, and giving every process the current one."""
