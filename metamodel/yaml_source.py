"""Reads YAML text into nodes with places: PyYAML's C parser, YAML 1.2 core scalars, and limits on what a file may hold.

Control characters and what is no YAML are problems with a place; what else a file may not hold, the composer tells.
"""

from __future__ import annotations

import yaml

from metamodel.source import Location, Problems
from metamodel.yaml_composer import FORBIDDEN, MAX_DEPTH, MAX_NODES, Composer, Refused, Words, resolve_scalar
from metamodel.yaml_nodes import Node, SourceText

__all__ = ["MAX_DEPTH", "MAX_FILE_BYTES", "MAX_NODES", "QUOTE_HINT", "Words", "read_yaml", "resolve_scalar"]

MAX_FILE_BYTES = 1_000_000
QUOTE_HINT = "text or a condition that holds , [ ] { } must be quoted inside { }"


def read_yaml(
    source: SourceText, problems: Problems, *, line_offset: int = 0, words: Words | None = None
) -> Node | None:
    """Read a file's text; None where it is empty or can't be read at all.

    line_offset: lines of the file that stand above the text (front matter of a template).
    words: the words met in other files of the same app, so that each is understood once.
    Problems: APP101 – APP109.
    """
    if not _is_within_limits(source, problems):
        return None
    composer = Composer(source, problems, line_offset, Words() if words is None else words)
    try:
        return composer.compose()
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, source, problems, line_offset)
    except yaml.YAMLError as error:
        problems.report("APP101", f"this is not YAML: {error}", Location(file=source.file))
    except Refused:
        pass
    return None


def _is_within_limits(source: SourceText, problems: Problems) -> bool:
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > MAX_FILE_BYTES:
        message = f"this file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are allowed"
        problems.report("APP106", message, Location(file=source.file))
        return False
    # What is printable holds none of them; that is told several times as fast as they are looked for.
    found = None if source.text.replace("\n", "").isprintable() else FORBIDDEN.search(source.text)
    if found is None:
        return True
    line = source.text.count("\n", 0, found.start()) + 1
    column = found.start() - source.text.rfind("\n", 0, found.start())
    message = f"the character U+{ord(found.group()):04X} is not allowed here"
    problems.report("APP102", message, Location(file=source.file, line=line, column=column), hint="remove it")
    return False


_PLAIN_WORDS = (
    ("left open", "this bracket is never closed", "close it; in a text, put the text in quotes"),
    ("did not find expected ',' or '}'", "expected ',' or '}' here", QUOTE_HINT),
    ("did not find expected ',' or ']'", "expected ',' or ']' here", QUOTE_HINT),
    ("mapping values are not allowed in this context", "': ' can't stand here",
     "put a text that holds ': ' in quotes, and check the indentation"),
    ("found character that cannot start any token", "no value can start with this character",
     "put the text in quotes; indent with spaces, not tabs"),
    ("found unexpected end of stream", "this quote is never closed", ""),
    ("did not find expected key", "expected a key here", "check the indentation"),
    ("did not find expected '-' indicator", "expected '-' here", "check the indentation"),
    ("could not find expected ':'", "expected ':' after the key", "check the line above too"),
    ("did not find expected node content", "expected a value here", QUOTE_HINT),
    ("found unknown escape character", "this escape is not known", "in single quotes a \\ stands for itself"),
)  # fmt: skip


def _is_left_open(error: yaml.MarkedYAMLError) -> bool:
    """Tell whether a bracket was opened in an earlier line than the one where the parser gave up."""
    context, found = error.context_mark, error.problem_mark
    if context is None or found is None or "flow" not in (error.context or ""):
        return False
    return context.line != found.line


def _report_syntax(error: yaml.MarkedYAMLError, source: SourceText, problems: Problems, line_offset: int) -> None:
    mark = error.problem_mark or error.context_mark
    text = error.problem or "this is not YAML"
    if text == "found unexpected end of stream" and error.context_mark is not None:
        # What helps is where the quote was opened, not where the file ends.
        mark = error.context_mark
    elif _is_left_open(error):
        mark, text = error.context_mark, "left open"
    at = Location(file=source.file)
    if mark is not None:
        at = Location(file=source.file, line=mark.line + 1 + line_offset, column=mark.column + 1)
    message, hint = next(((m, h) for start, m, h in _PLAIN_WORDS if text.startswith(start)), (text, ""))
    problems.report("APP101", message, at, hint=hint)
