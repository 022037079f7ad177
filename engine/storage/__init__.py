"""Where data lies: connections, tables, and how tables change from one release to the next."""
