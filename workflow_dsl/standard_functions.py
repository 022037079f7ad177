"""The registry of the language's own functions; plugins add theirs with `FunctionRegistry.with_functions`."""

from __future__ import annotations

import functools

from workflow_dsl.builtins_forms import form_functions, people_functions
from workflow_dsl.builtins_number import number_functions
from workflow_dsl.builtins_text import conversion_functions, text_functions
from workflow_dsl.builtins_time import time_functions
from workflow_dsl.functions import FunctionRegistry


@functools.cache
def standard_functions() -> FunctionRegistry:
    """Give the immutable registry of the product's own functions."""
    return FunctionRegistry(
        (
            *text_functions(),
            *conversion_functions(),
            *number_functions(),
            *time_functions(),
            *form_functions(),
            *people_functions(),
        )
    )
