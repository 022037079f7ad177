"""Loads CSV files into objects through the one door: mapping, lookups, matching, errors by line."""
