"""Every field type in a file: what is exported comes back by import as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.access.actor import system_actor
from tests.acceptance.test_field_types import make, of_type, patched, read
from tests.support.field_catalogue import SAMPLES, Sample, app_files
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("types")
    app = small_app(folder, app_files(), settings="country: CN\nlanguages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


@pytest.mark.promise("OBJ-03")
@of_type(SAMPLES)
@pytest.mark.parametrize("heads", ["heads=labels", "heads=names"])
def test_an_export_brings_it_back(served: Served, sample: Sample, heads: str, tmp_path: Path) -> None:
    record_id = make(served, **({sample.name: sample.second} if sample.writable else {}))
    before = read(served, record_id, sample)
    only = quote(f'id = "{record_id}"')
    answer = served.get("ann", f"/exports/{sample.object}?fields={sample.name},title_text&filter={only}&{heads}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    file = tmp_path / "things.csv"
    file.write_bytes(answer.get_data())
    unchanged = served.platform.imports.import_csv(system_actor(), sample.object, file)
    assert (unchanged.unchanged, unchanged.refused) == (1, 0), unchanged.errors
    if sample.writable:
        assert not unchanged.passed_over
        changed = patched(served, record_id, sample, sample.first)
        assert changed.status_code == 200
        assert served.platform.imports.import_csv(system_actor(), sample.object, file).refused == 0
    assert read(served, record_id, sample) == before
