"""Who may sign in: passwords, sessions, tokens, roles held, and the lock-out. What a role may do is engine.access."""
