"""The check of rules against the metamodel, one module a topic (triggers, rows, actions, people, options).

Other packages use `workflow_dsl.rule_checker`.
"""
