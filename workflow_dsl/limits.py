"""The limits that keep the language cheap, in one place; each is named in the message that refuses what exceeds it."""

from __future__ import annotations

MAX_EXPRESSION_LENGTH = 10_000
MAX_DEPTH = 64
MAX_NUMBER_DIGITS = 28
MAX_PATH_STEPS = 8
MAX_PERIOD_COUNT = 100_000
MAX_STEPS = 100_000
MAX_VALUE_BYTES = 64 * 1024
