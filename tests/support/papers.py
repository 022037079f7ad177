"""The app `papers`, whose deals have files of every kind, and how tests send files to it and read them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.files import Upload, sent
from tests.support.served import Served, serve_deals

PAPERS = Path(__file__).resolve().parent.parent / "corpus" / "apps" / "papers"
PDF = b"%PDF-1.7\n1 0 obj\n"


@contextmanager
def serve_papers(database_url: str, folder: Path) -> Iterator[Served]:
    """Serve the app on a database, with its files in a folder."""
    with serve_deals(database_url, folder, app_folder=PAPERS) as found:
        yield found


def upload(served: Served, field: str, file: Upload, who: str = "ann", object_name: str = "deal") -> str:
    return str(sent(served, field, file, who=who, object_name=object_name)["id"])


def deal(served: Served, who: str = "ann", **values: Any) -> str:
    return str(served.make(who, "deal", **({"name": "Valves"} | values))["id"])


def patched(served: Served, record_id: str, who: str = "ann", **values: Any) -> Any:
    return served.call(who, "PATCH", f"/records/deal/{record_id}", json=values)


def file_of(served: Served, record_id: str, field: str, who: str = "ann") -> Any:
    return served.get(who, f"/records/deal/{record_id}").get_json()[field]
