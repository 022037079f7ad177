"""Files for tests: contents with names, how they are sent by the API, and what the API says of them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from PIL import Image, ImageDraw

from metamodel.content_types import TYPE_OF_ENDING, ending_of
from tests.support.served import Served


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is still to be sent."""

    name: str
    content: bytes

    @property
    def part(self) -> tuple[io.BytesIO, str]:
        """The file as a test client posts it."""
        return io.BytesIO(self.content), self.name


@dataclass(frozen=True, slots=True)
class AnyFile:
    """What the API says of a file, whatever its id; equal to the object that it answers with."""

    name: str
    type: str
    size: int

    @staticmethod
    def of(upload: Upload) -> AnyFile:
        """Make it of what is sent, whose name tells its type."""
        return AnyFile(upload.name, TYPE_OF_ENDING[ending_of(upload.name)], len(upload.content))

    def __eq__(self, other: object) -> bool:
        said = {"name": self.name, "type": self.type, "size": self.size}
        return isinstance(other, dict) and len(other.get("id", "")) == 36 and {**said, "id": other["id"]} == other

    def __hash__(self) -> int:
        return hash((self.name, self.type, self.size))


@dataclass(frozen=True, slots=True)
class Known:
    """A record that is named: a user by log-in, or a record of an object by its name, made where there is none."""

    object: str
    name: str


@dataclass(frozen=True, slots=True)
class AnyRecord:
    """What the API says of a record that a field points at, whatever its id."""

    title: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and len(other.get("id", "")) == 36 and other.get("title") == self.title

    def __hash__(self) -> int:
        return hash(self.title)


def uploads_in(value: object) -> list[Upload]:
    """Give the files of a value that are still to be sent."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Upload)]


def sent(served: Served, field: str, value: Any, *, who: str = "ann", object_name: str = "thing") -> Any:
    """Send the files of a value for a field and give the value with what the API answered in their place."""
    if isinstance(value, list):
        return [sent(served, field, each, who=who, object_name=object_name) for each in value]
    if isinstance(value, Known):
        return _id_of(served, value, who)
    if not isinstance(value, Upload):
        return value
    answer = served.call(who, "POST", f"/files/{object_name}/{field}", data={"file": value.part})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()


def _id_of(served: Served, known: Known, who: str) -> str:
    if known.object == "user":
        return served.user_ids[known.name]
    address = f"/records/{known.object}?filter={quote(f'name = {chr(34)}{known.name}{chr(34)}')}"
    items = served.get(who, address).get_json()["items"]
    return str((items[0] if items else served.make(who, known.object, name=known.name))["id"])


def drawing(color: str, size: tuple[int, int] = (320, 200), form: str = "PNG") -> bytes:
    """Draw an image of one colour with a line through it."""
    image, written = Image.new("RGB", size, color), io.BytesIO()
    ImageDraw.Draw(image).line((0, 0, *size), fill="white", width=5)
    image.save(written, form)
    return written.getvalue()
