"""The one canonical form of an app's files: rules, expressions in YAML, and YAML's own spaces; comments are kept."""
