"""The language server for app folders: what editors ask while an author types."""
