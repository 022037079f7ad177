"""Who may do what: actors, and the grants of roles compiled for Python and SQL."""
