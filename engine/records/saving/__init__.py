"""The save of a record, step by step in the documented order; one record is a batch of one."""
