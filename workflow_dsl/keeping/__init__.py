"""Checked expressions and rules as plain data and back, so that a process need not parse and check them again.

`forms` says which classes there are, `writing` makes data, `reading` makes trees. Where the data lies is no
matter of it.
"""
