"""Shows it to a person or a program: pages, JSON API and command line over the engine. Decides nothing about data."""
