"""Plugins shipped with the product, loaded by name through the same hooks as any other and imported by nobody."""
