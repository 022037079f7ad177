"""The SQL back end of the expression language, and the contexts its Python back end evaluates in."""
