"""Loads public data sets through the product's own importer, with the mapping files beside this module."""
