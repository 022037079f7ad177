"""An app of 300 objects and 7,000 fields is applied and served: every list and form opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from engine.platform import check_app_folders
from tests.support.generated_app import Sizes, generated_sources, name_of, write_generated
from tests.support.served import Served, serve_deals

SIZES = Sizes(objects=300, fields=7_000)
SMALL = Sizes(objects=3, fields=72)


def serve(url: str, folder: Path, sizes: Sizes) -> Iterator[Served]:
    app = write_generated(folder / f"big{sizes.objects}" / "big", sizes)
    with serve_deals(url, folder, app_folder=app) as served:
        yield served


@pytest.fixture(scope="module")
def big(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(module_database_url, tmp_path_factory.mktemp("served"), SIZES)


def test_it_has_the_sizes_it_says_and_no_problem(tmp_path: Path) -> None:
    texts = generated_sources(SIZES)
    assert sum(path.startswith("objects/") for path in texts) == 300
    candidate = check_app_folders([write_generated(tmp_path / "big", SIZES)])
    assert [str(problem) for problem in candidate.problems] == []
    assert candidate.metamodel is not None
    own = [o for o in candidate.metamodel.objects.values() if o.app == "big"]
    fields = [field for o in own for field in o.fields.values() if not field.system]
    assert len(fields) == 7_000
    formulas = [field.formula.text for field in fields if field.formula is not None]
    assert len(formulas) >= 500
    assert 0.4 < sum("parent." in text for text in formulas) / len(formulas) < 0.6


@pytest.fixture
def small(module_database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """Serve the first three objects alone, on a database of the same kind."""
    kind = "postgres_url" if module_database_url.startswith("postgresql") else "sqlite_url"
    yield from serve(str(request.getfixturevalue(kind)), tmp_path, SMALL)


def opened(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return text


@pytest.mark.faults  # minutes long: it runs with the other long tests
def test_every_list_and_form_opens(big: Served) -> None:
    client = big.sign_in("admin")
    for number in range(SIZES.objects):
        name = name_of(number)
        assert f'href="/o/{name}/new"' in opened(client, f"/o/{name}")
        assert 'name="amount' in opened(client, f"/o/{name}/new")


def record_page_statements(served: Served) -> list[str]:
    """Open the page of a record with a parent and lists below it, twice, and give the second's statements."""
    parent = served.make("admin", name_of(0), name="Parent", field_16="x")["id"]
    record = served.make("admin", name_of(1), name="One", parent=parent, field_15="x")["id"]
    client = served.sign_in("admin")
    path = f"/o/{name_of(1)}/{record}"
    assert "Parent" in opened(client, path)
    with served.platform.database.statements.recording() as found:
        opened(client, path)
    # Twice a second a process asks for stamps (a new release, a new setting): that belongs to no page.
    return [text for text in found if "FROM fs_stamp" not in text]


@pytest.mark.faults  # a minute long, most of it for making 300 tables
def test_a_record_page_needs_no_more_statements_than_one_of_a_small_app(big: Served, small: Served) -> None:
    few, many = record_page_statements(small), record_page_statements(big)
    assert few
    assert len(many) <= len(few), many
