"""The table of Salesforce's formula functions in docs/dsl.md, written from the cases that show each equivalent."""

from __future__ import annotations

from tests.support.dsl_corpus import load_cases


def salesforce_table() -> str:
    """Give the table: what Salesforce writes, what is written here, and what the sample deal gives."""
    lines = ["| Salesforce | here | on the sample deal |", "| --- | --- | --- |"]
    for case in load_cases():
        if case.topic == "salesforce":
            cells = (case.name, case.expr, str(case.value))
            lines.append("| " + " | ".join(f"`{cell}`".replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
