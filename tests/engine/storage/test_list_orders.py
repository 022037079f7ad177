"""What lists are ordered by is indexed, with the stage of a path beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.storage.database import Database
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef
from metamodel.source import NOWHERE
from tests.engine.storage.schema_cases import Installation, field, metamodel, really_there, thing


@pytest.fixture
def installation(database_url: str) -> Iterator[Installation]:
    database = Database(database_url, pool_size=3)
    yield Installation(database)
    database.close()


def _orders(installation: Installation, deal: ObjectDef) -> set[tuple[str, ...]]:
    _, _, indexes, _ = really_there(installation.database, metamodel(deal))["shop_deal"]
    return {columns for name, columns, _ in indexes if name.startswith("ls_")}


def test_a_stage_path_is_beside_each_order_and_a_plan_brings_it_there(installation: Installation) -> None:
    name, stage = field("name"), field("stage", "choice", choices=[("new", None), ("won", None)])
    plain = thing("deal", name, stage)
    installation.apply(metamodel(plain))
    assert _orders(installation, plain) == {("name_sort", "id"), ("created_at", "id")}
    staged = replace(plain, layout=LayoutDef(at=NOWHERE, sections=(), path="stage"))
    installation.apply(metamodel(staged))
    assert _orders(installation, staged) == {("name_sort", "id", "stage"), ("created_at", "id", "stage")}
