"""The parts of the reference check, one topic a file: every name that is used must mean something."""
