"""Merging records of one object into one of them: what each field gets, what moves along, what is kept of it."""
