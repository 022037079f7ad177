"""Brings what plugins add to the language of apps into the registries: field types and functions of expressions.

A plugin's code runs inside the product, so whatever it raises becomes a refused value or an empty result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from metamodel.field_types import FieldType, FieldTypeRegistry, FieldValueError, ValueContext, standard_field_types
from metamodel.field_types.text import TextType
from metamodel.fields import FieldDef
from plugins.contributions import ExpressionFunction, FieldTypeAddition
from plugins.manager import PluginManager
from workflow_dsl.functions import Example, Function, FunctionRegistry, Parameter, Signature
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.types import type_of_name

_LOG = logging.getLogger("fieldstone.plugins")


class PluginFieldType(TextType):
    """A field type of a plugin: a text that the plugin puts into its form or refuses."""

    takes_formula = False

    def __init__(self, addition: FieldTypeAddition) -> None:
        self.name = addition.name
        self.widget = addition.widget
        self._normalise = addition.normalise

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        """Turn a raw value into what is stored.

        Raises:
            FieldValueError: the plugin refuses it; its sentence is the message.
        """
        text = super().read(raw, field, context)
        if text is None:
            return None
        try:
            return self._normalise(str(text)) or None
        except ValueError as error:
            raise FieldValueError("plugin_refused", reason=str(error)) from error
        except Exception as error:
            _LOG.exception("field type %s of a plugin failed", self.name)
            raise FieldValueError("plugin_refused", reason="this value could not be checked") from error


def field_types_with(plugins: PluginManager) -> FieldTypeRegistry:
    """Give the registry of the product's field types and those of plugins."""
    added: list[FieldType] = [PluginFieldType(addition) for addition in plugins.field_types]
    return standard_field_types().with_types(added)


def functions_with(plugins: PluginManager) -> FunctionRegistry:
    """Give the registry of the language's functions and those of plugins."""
    return standard_functions().with_functions(_function(added) for added in plugins.functions)


def _function(added: ExpressionFunction) -> Function:
    parameters = tuple(
        Parameter(name=name, kinds=frozenset((type_of_name(kind).kind,))) for name, kind in added.parameters
    )
    signature = Signature(
        params=parameters,
        required=len(parameters),
        returns=type_of_name(added.result),
        implementation=_contained(added.name, added.call),
    )
    expression, shown = added.example
    return Function(
        name=added.name,
        group="plugins",
        doc=added.summary,
        example=Example(expression=expression, value=shown),
        signatures=(signature,),
    )


def _contained(name: str, call: Callable[..., object]) -> Callable[..., object]:
    def run(*arguments: object) -> object:
        try:
            return call(*arguments)
        except Exception:
            _LOG.exception("function %s of a plugin failed", name)
            return None

    return run
