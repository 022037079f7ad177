"""Where in a YAML file a cursor stands: the keys above it, whether a key or a value is typed, and what of it is there.

Works on text that is being typed and so does not parse; block texts over several lines are not looked into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_KEY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s:#,{}\[\]"'][^:#]*?)\s*:(?:\s+|$)""")


@dataclass(slots=True, kw_only=True)
class YamlPlace:
    """path: the keys (and 0 for list items) around the cursor. typed: what stands before the cursor of the word."""

    path: tuple[str | int, ...]
    is_key: bool
    typed: str


@dataclass(slots=True)
class _Flow:
    is_mapping: bool
    key: str | None = None
    text: str = ""


@dataclass(slots=True)
class _Reader:
    block: list[tuple[int, str | int]] = field(default_factory=list)
    flow: list[_Flow] = field(default_factory=list)
    rest: str = ""
    is_value: bool = False
    quote: str = ""

    def line(self, line: str) -> None:
        """Read one line, up to the cursor in the last one."""
        if self.flow:
            self._flow_text(line)
            return
        content = line.lstrip(" ")
        indent = len(line) - len(content)
        if not content or content.startswith("#"):
            self._at_indent(len(line) if not content else indent)
            self.rest, self.is_value = "", False
            return
        self._at_indent(indent)
        while content.startswith("- ") or content == "-":
            self.block.append((indent, 0))
            stripped = content[1:].lstrip(" ")
            indent += len(content) - len(stripped)
            content = stripped
        found = _KEY.match(content)
        self.is_value = found is not None
        if found is None:
            self.rest = content
            if content[:1] in "{[":
                self._flow_text(content)
            return
        self.block.append((indent, found["key"].strip("\"'")))
        self.rest = content[found.end() :]
        if self.rest[:1] in ("{", "["):
            self._flow_text(self.rest)

    def _at_indent(self, indent: int) -> None:
        while self.block and self.block[-1][0] >= indent:
            self.block.pop()

    def _flow_text(self, text: str) -> None:
        for position, character in enumerate(text):
            if self.quote:
                self.quote = "" if character == self.quote else self.quote
                self._keep(character)
            elif character in "{[":
                self.flow.append(_Flow(character == "{"))
            elif not self.flow:
                return
            elif character in "}]":
                self.flow.pop()
            elif character == ",":
                self.flow[-1].key, self.flow[-1].text = None, ""
            elif character == ":" and self.flow[-1].is_mapping and text[position + 1 : position + 2] in ("", " "):
                if self.flow[-1].key is None:
                    self.flow[-1].key, self.flow[-1].text = self.flow[-1].text.strip().strip("\"'"), ""
                else:
                    self._keep(character)
            else:
                if character in "\"'" and not self.flow[-1].text.strip():
                    self.quote = character
                self._keep(character)

    def _keep(self, character: str) -> None:
        if self.flow:
            self.flow[-1].text += character


def place_in_yaml(text: str, offset: int) -> YamlPlace:
    """Give the place of a character of a YAML text."""
    reader = _Reader()
    for line in text[:offset].split("\n"):
        reader.line(line)
    path: list[str | int] = [key for _, key in reader.block]
    for level in reader.flow[:-1]:
        path += [level.key or "" if level.is_mapping else 0]
    if not reader.flow:
        if reader.is_value:
            return YamlPlace(path=tuple(path), is_key=False, typed=reader.rest.lstrip("\"'"))
        return YamlPlace(path=tuple(path), is_key=True, typed=reader.rest)
    last = reader.flow[-1]
    if last.is_mapping and last.key is None:
        return YamlPlace(path=tuple(path), is_key=True, typed=last.text.lstrip())
    path.append(last.key if last.is_mapping and last.key is not None else 0)
    return YamlPlace(path=tuple(path), is_key=False, typed=last.text.lstrip().lstrip("\"'"))
