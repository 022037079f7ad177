"""The one door for reads and writes of records: `Records` in `service`, its values in `types`."""
