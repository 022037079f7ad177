"""From text to syntax tree: the grammar, the builders of nodes, text templates and the sentences for mistakes.

Other packages use `workflow_dsl.parser`; nothing here knows a type or a name of the metamodel.
"""
