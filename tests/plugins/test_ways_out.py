"""Who may open a connection at all: the safe client, and what speaks to servers that the operator named."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from plugins import ActionFailed, TemplateSource
from plugins.discovery import bundled_candidates
from plugins.manager import PluginManager
from plugins.testing import FixedRecord, action_context
from tests.support.papers import serve_papers
from tests.support.sources import PACKAGES, files_of, name_of

OPENERS = {
    "socket", "ssl", "http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib",
    "imaplib", "poplib", "telnetlib", "xmlrpc.client", "asyncio.streams", "websockets",
}  # fmt: skip
# place → why it may
ALLOWED = {
    "plugins/egress/client.py": "the safe client itself",
    "plugins/egress/wire.py": "the safe client itself",
    "plugins/egress/addresses.py": "the safe client itself",
    "plugins/bundled/email/smtp.py": "the mail server is a setting of the operator",
    "plugins/bundled/email/imap.py": "the mail box is a setting of the operator",
    "plugins/mailboxes.py": "the mail box is a setting of the operator",
}
INSIDE = (
    "http://127.0.0.1/x.png",
    "https://169.254.169.254/latest",
    "file:///etc/passwd",
    "//10.0.0.1/x",
    "gopher://x",
)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


@pytest.mark.promise("SEC-36")
def test_nothing_but_the_safe_client_and_mail_servers_of_the_operator_is_called() -> None:
    found = {name_of(path) for path in files_of(*PACKAGES, suffixes=(".py",)) if OPENERS & set(_imported(path))}
    assert found - set(ALLOWED) == set()
    assert "plugins/egress/client.py" in found


@pytest.mark.promise("SEC-36")
@pytest.mark.parametrize("address", INSIDE)
def test_an_image_of_a_document_is_never_fetched(address: str) -> None:
    found = PluginManager.load(candidates=bundled_candidates(), environment={}).find_action("generate_document")
    assert found is not None
    template = TemplateSource(name="offer", subject="Offer", body=f"![a]({address})")
    with pytest.raises(ActionFailed, match="is not fetched") as refused:
        found[0].actions[0].run(action_context(found[0], records=FixedRecord(values={})), {"template": template})
    assert refused.value.permanent


@pytest.mark.promise("SEC-36")
def test_an_import_reads_files_beside_it_and_no_address(sqlite_url: str, tmp_path: Path) -> None:
    with serve_papers(sqlite_url, tmp_path) as served:
        table = tmp_path / "deals.csv"
        table.write_text("name,photo\n" + "".join(f"A,{address}\n" for address in INSIDE), encoding="utf-8")
        result = served.platform.imports.import_csv(system_actor(), "deal", table)
        assert (result.created, result.refused) == (0, len(INSIDE))
