"""What an app is: frozen definitions, the field types, and the loader that makes them of a folder.

Other packages use:
- `load_metamodel(folders)`, `load_sources(sources)`, `check_apps(folders)`: → `Metamodel` and `Problems`;
- `metamodel.apps`, `.objects`, `.fields`, `.layouts`, `.views`, `.access`, `.texts`, `.values`: the definitions;
- `metamodel.source`: `Location`, `LocatedText`, `Problem`, `Problems`, `render_problem`;
- `metamodel.field_types`: `FieldType`, `FieldTypeRegistry`, `standard_field_types`, `FieldValueError`, `message`;
- `metamodel.names`: rules for names and the nearest known one.

Nothing here knows records, SQL, pages or the time; files are read in `folder` only.
"""

from __future__ import annotations

from metamodel.apps import AppDef, Metamodel
from metamodel.field_types import FieldTypeRegistry, FieldValueError, StorageKind, ValueContext, standard_field_types
from metamodel.loader import check_apps, load_metamodel, load_sources
from metamodel.source import Location, Problem, Problems, Severity, render_problem

__all__ = [
    "AppDef",
    "FieldTypeRegistry",
    "FieldValueError",
    "Location",
    "Metamodel",
    "Problem",
    "Problems",
    "Severity",
    "StorageKind",
    "ValueContext",
    "check_apps",
    "load_metamodel",
    "load_sources",
    "render_problem",
    "standard_field_types",
]
