"""Requests for access: from a denial to the smallest grant that would do, given until a day."""
