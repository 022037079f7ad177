"""Files of records: where their bytes lie, what they are, who may have them, and when they go."""
