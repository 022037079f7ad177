"""What `dump` consists of: objects and values written as plain data."""
