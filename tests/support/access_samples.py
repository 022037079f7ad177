"""Records and files that the tests of access ask for: of each object some that a person may read, and some not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.routing import Rule

from tests.support.sales_scene import Scene


def sample(scene: Scene, who: str, object_name: str, *, each: int) -> list[str]:
    """Give some readable and some denied records of an object."""
    mine = scene.reference(who).readable(object_name)
    ids = list(scene.world.records[object_name])
    return [*[i for i in ids if i in mine][:each], *[i for i in ids if i not in mine][:each]]


def file_addresses(scene: Scene, who: str, rule: Rule, *, each: int) -> Iterator[tuple[str, str, str]]:
    """Give the addresses of a route for some files, with the attachment that holds each."""
    held_by = {record_id: file_id for file_id, record_id in scene.world.files.items()}
    for record_id in sample(scene, who, "attachment", each=each):
        with scene.app.test_request_context():
            known: dict[str, Any] = {"size": "small"} if "size" in rule.arguments else {}
            yield rule.rule, scene.app.url_for(rule.endpoint, file_id=held_by[record_id], **known), record_id
