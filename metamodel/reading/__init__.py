"""Reads the nodes of an app's files into definitions; what is missing or malformed there is told by the shape check."""
