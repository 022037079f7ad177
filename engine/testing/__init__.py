"""Corpora: behaviour of the language, of rules and of app files as data, for this project and for authors of plugins.

`corpus` reads folders of cases and runs them; the stages that cases play on are beside it. Nothing of a running
installation imports it. Described in docs/plugin_hooks.md.
"""
