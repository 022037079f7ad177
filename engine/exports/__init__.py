"""Exports: lists as files, through the one door."""
