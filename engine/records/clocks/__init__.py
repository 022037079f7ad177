"""Service clocks: compiled conditions and targets, business time, how a save moves a clock, and breaches in time."""
