"""The command `lsp`: the language server for editors."""

from __future__ import annotations

import click


@click.command()
def lsp() -> None:
    """Serve an editor over standard input and output: completion, hover, definitions, problems while typing.

    Example: fieldstone lsp
    """
    from ui.lsp.server import serve_stdio

    serve_stdio()


COMMANDS = {"lsp": lsp}
