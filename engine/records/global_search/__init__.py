"""The global search: records of all objects by the words of what their `search:` names."""
