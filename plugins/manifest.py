"""Reads plugin.yaml: name, version, API version, what the plugin needs and may reach, and the schema of its settings.

It checks the file and the operator's settings against it; it imports no plugin code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import jsonschema
import yaml

from metamodel.names import did_you_mean, name_fault

_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "version", "api", "summary"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string", "pattern": r"^\d+\.\d+(\.\d+)?$"},
        "api": {"type": "integer"},
        "summary": {"type": "string", "minLength": 1},
        "needs": {"type": "array", "items": {"type": "string"}},
        "capabilities": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "hosts": {"type": "array", "items": {"type": "string"}},
                "objects": {"type": "array", "items": {"type": "string"}},
            },
        },
        "settings": {"type": "object", "additionalProperties": {"type": "object"}},
    },
}
_ENVIRONMENT_PREFIX = "FIELDSTONE_PLUGIN_"


class ManifestWrong(Exception):
    """A plugin.yaml, or a setting of the operator, is wrong; the text says where and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a plugin says of itself.

    needs: Python packages it imports. hosts: hosts its egress client reaches, `*` = any public one.
    objects: objects its record service reads, `*` = that of the rule at hand. settings: name → JSON schema.
    """

    name: str
    version: str
    api: int
    summary: str
    needs: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))

    def fill_settings(self, given: Mapping[str, object]) -> Mapping[str, object]:
        """Check an operator's settings and add the defaults.

        Raises:
            ManifestWrong: a name is unknown or a value does not fit its schema.
        """
        for name in given:
            if name not in self.settings:
                raise ManifestWrong(_unknown_setting(self.name, name, self.settings))
        filled: dict[str, object] = {}
        for name, schema in self.settings.items():
            value = given.get(name, schema.get("default"))
            if value is not None:
                _check(value, schema, f"setting {self.name}.{name}")
            filled[name] = value
        return MappingProxyType(filled)

    def settings_from_environment(self, environment: Mapping[str, str] | None = None) -> dict[str, object]:
        """Read FIELDSTONE_PLUGIN_<NAME>_<SETTING> variables, each as YAML where its schema is not a text."""
        environment = os.environ if environment is None else environment
        found: dict[str, object] = {}
        for name, schema in self.settings.items():
            text = environment.get(f"{_ENVIRONMENT_PREFIX}{self.name}_{name}".upper())
            if text is not None:
                found[name] = text if schema.get("type") == "string" else yaml.safe_load(text)
        return found


def read_manifest(text: str, *, where: str) -> Manifest:
    """Read the text of a plugin.yaml.

    Raises:
        ManifestWrong: it is not YAML, or not as the schema says.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestWrong(f"{where} is not YAML: {error}") from error
    _check(raw, _SCHEMA, where)
    if fault := name_fault(raw["name"]):
        raise ManifestWrong(f"{where}: the name '{raw['name']}' {fault}")
    capabilities = raw.get("capabilities", {})
    return Manifest(
        name=raw["name"],
        version=raw["version"],
        api=raw["api"],
        summary=raw["summary"],
        needs=tuple(raw.get("needs", ())),
        hosts=tuple(capabilities.get("hosts", ())),
        objects=tuple(capabilities.get("objects", ())),
        settings=MappingProxyType(dict(raw.get("settings", {}))),
    )


def _check(value: object, schema: Mapping[str, Any], where: str) -> None:
    validator = jsonschema.Draft7Validator(dict(schema))
    for error in sorted(validator.iter_errors(value), key=str):
        place = "".join(f"/{part}" for part in error.absolute_path)
        raise ManifestWrong(f"{where}{place}: {error.message}")


def _unknown_setting(plugin: str, name: str, known: Mapping[str, object]) -> str:
    hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
    return f"plugin {plugin} has no setting '{name}'; {hint}"
