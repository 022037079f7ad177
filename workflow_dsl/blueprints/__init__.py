"""Blueprints: rules with inputs, and what becomes of each use: an ordinary rule with a text of its own.

`kinds` says what inputs there are, `declaring` checks a blueprint by itself, `library` finds them, `arguments` checks
what a use gives, `filling` puts it in, `expanding` makes the rule and tells where each of its words comes from.
"""
