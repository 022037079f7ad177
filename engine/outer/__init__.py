"""Other databases whose tables are shown as objects: connections to them, their tables, values and conditions."""
