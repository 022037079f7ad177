"""Rules read back as sentences, in English and in Chinese, with the labels of objects, fields and options.

`rule_sentence(rule, metamodel, language)` for a rule of the syntax; `sentence_of(text, metamodel, language)` for text;
`trigger_sentence(text, metamodel, language)` for one trigger.
"""

from __future__ import annotations

from workflow_dsl.sentences.rules import rule_sentence, sentence_of, trigger_sentence

__all__ = ["rule_sentence", "sentence_of", "trigger_sentence"]
