"""The yardstick: a single-purpose program over the same tables, written by hand with Flask, a raw driver and orjson."""
