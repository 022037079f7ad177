"""How a record becomes others: conversions compiled, offered with likely duplicates, done, and kept."""
