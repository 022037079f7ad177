"""Each field type with a field of it and values as every route gives them: what the suite over all types runs on.

One object `thing` has a field of each type, named as the type. A `Sample` says of it how a value is written in YAML,
JSON, a form and a CSV file, how it comes back, and which filters find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.files import AnyFile, AnyRecord, Known, Upload, drawing
from workflow_dsl.types import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A field type.

    keys: further YAML keys. written: the type in YAML, where it is not `type`. object: that has the field. first,
    second: JSON values; the second sorts after the first. answer: what the API gives for `first` where it differs.
    form: control name → text that a form posts for `second`. cell: CSV columns → cells for `second`. finds: a filter
    that holds for `first` only. wrong: JSON values that are refused → code. shown: what a page shows of `second`. kind:
    the type that expressions see. writable, sortable, emptied: as the type allows.
    """

    type: str
    keys: str = ""
    written: str = ""
    object: str = "thing"
    first: Any = None
    second: Any = None
    answer: Any = None
    second_answer: Any = None
    form: Mapping[str, Any] = field(default_factory=dict)
    cell: Mapping[str, str] = field(default_factory=dict)
    finds: str = ""
    wrong: tuple[tuple[Any, str], ...] = ()
    shown: str = ""
    kind: Kind = Kind.TEXT
    writable: bool = True
    sortable: bool = True
    emptied: bool = True

    @property
    def name(self) -> str:
        """The field's name: that of the type, `_value` where it is a word of the language."""
        return f"{self.type}_value"

    @property
    def line(self) -> str:
        """The field as YAML."""
        return f"{self.name}: {{type: {self.written or self.type}{', ' + self.keys if self.keys else ''}}}"

    @property
    def read_back(self) -> Any:
        """What the API gives for `first`."""
        return self.first if self.answer is None else self.answer

    @property
    def second_read_back(self) -> Any:
        """What the API gives for `second`."""
        return self.second if self.second_answer is None else self.second_answer


def _text(type_: str, first: str, second: str, **more: Any) -> Sample:
    name = f"{type_}_value"
    given: dict[str, Any] = {
        "form": {name: second}, "cell": {name: second}, "finds": f'{name} = "{first}"', "shown": second,
    }  # fmt: skip
    return Sample(type=type_, first=first, second=second, **(given | more))


_PEN, _INK = drawing("red"), drawing("blue")


def _file(type_: str, first: Upload, second: Upload, **more: Any) -> Sample:
    """Make the sample of a field of one file."""
    name = f"{type_}_value"
    given: dict[str, Any] = {
        "answer": AnyFile.of(first), "second_answer": AnyFile.of(second), "form": {f"{name}__upload": second},
        "cell": {name: second.name}, "finds": f'{name}.name = "{first.name}" and {name}.size < 100_000',
        "shown": second.name, "kind": Kind.COMPOUND, "sortable": False,
        "wrong": (("a.txt", "not_file"), (7, "not_file"), ({"id": "0" * 8 + "-0000-0000-0000-" + "0" * 12}, "no_file"),
                  ({"path": "x"}, "unknown_part")),
    }  # fmt: skip
    return Sample(type=type_, first=first, second=second, **(given | more))


def _record(type_: str, first: Known, second: Known, **more: Any) -> Sample:
    """Make the sample of a field that points at a record."""
    name = f"{type_}_value"
    given: dict[str, Any] = {
        "answer": AnyRecord(first.name), "second_answer": AnyRecord(second.name), "form": {name: second},
        "cell": {name: second.name}, "finds": f'{name}.name = "{first.name}"', "shown": second.name,
        "kind": Kind.RECORD, "sortable": False,
        "wrong": ((7, "not_record"), ("0" * 8 + "-0000-0000-0000-" + "0" * 12, "no_record")),
    }  # fmt: skip
    return Sample(type=type_, first=first, second=second, **(given | more))


SAMPLES: tuple[Sample, ...] = (
    _text("text", "Anna", "Berta", wrong=((7, "not_text"), ("a\nb", "line_break"))),
    _text("long_text", "one\ntwo", "three", finds='long_text_value contains "TWO"', sortable=False,
          wrong=((7, "not_text"),)),
    _text("rich_text", "<p>One <b>two</b></p>", "<p>Three &amp; four</p>", finds='rich_text_value contains "<b>two"',
          shown="Three &amp; four", sortable=False, wrong=((7, "not_text"), ("x" * 65_537, "too_long"))),
    _text("email", "ann@example.com", "bob@example.com", wrong=(("ann@", "not_email"),)),
    _text("phone", "+8613800138000", "+8613900139000", form={"phone_value": "139 0013 9000"},
          cell={"phone_value": "139-0013-9000"}, shown="+86 139 0013 9000", wrong=(("12", "not_phone"),)),
    _text("url", "https://a.example/x", "https://b.example/", wrong=(("javascript:alert(1)", "not_url"),)),
    _text("color", "#1a73e8", "#ffcc00", form={"color_value": "#FC0"}, cell={"color_value": "#FFCC00"},
          wrong=(("red", "not_color"), ("#12345", "not_color"))),
    _text("barcode", "4006381333931", "96385074", form={"barcode_value": "9638 5074"},
          cell={"barcode_value": "9638-5074"}, wrong=(("4006381333932", "barcode_digit"), ("12", "not_barcode")),
          sortable=False),
    Sample(type="integer", first=7, second=1200, form={"integer_value": "1,200"}, cell={"integer_value": "1200"},
           finds="integer_value < 10", wrong=(("1.5", "not_integer"),), shown="1,200", kind=Kind.INTEGER),
    Sample(type="rating", keys="max: 4", first=2, second=4, form={"rating_value": "4"}, cell={"rating_value": "4"},
           finds="rating_value <= 3", wrong=((0, "not_rating"), (5, "above_maximum")), shown="4 / 4",
           kind=Kind.INTEGER),
    Sample(type="decimal", first="0.1", second="1234.5", answer="0.1000", second_answer="1234.5000",
           form={"decimal_value": "1,234.5"}, cell={"decimal_value": "1234.5"}, finds="decimal_value = 0.1",
           wrong=(("1.23456", "too_many_digits"),), shown="1,234.5", kind=Kind.DECIMAL),
    Sample(type="percent", first="0.2", second="0.5", answer="0.2000", second_answer="0.5000",
           form={"percent_value": "50"}, cell={"percent_value": "50%"}, finds="percent_value = 20%",
           wrong=(("much", "not_percent"),), shown="50%", kind=Kind.PERCENT),
    Sample(type="money", first={"amount": "10.50", "currency": "CNY"}, second={"amount": "20.00", "currency": "CNY"},
           form={"money_value": "20"}, cell={"money_value": "20.00"}, finds="money_value = 10.50 CNY",
           wrong=(("¥1", "not_money"),), shown="20.00", kind=Kind.MONEY),
    Sample(type="date", first="2026-11-21", second="2027-01-01", form={"date_value": "2027-01-01"},
           cell={"date_value": "2027-01-01"}, finds="date_value <= 2026-12-31", wrong=(("2026-02-30", "not_date"),),
           shown="2027", kind=Kind.DATE),
    Sample(type="datetime", first="2026-11-21T01:00:00Z", second="2026-11-22T01:30:00Z",
           form={"datetime_value": "2026-11-22T09:30"}, cell={"datetime_value": "2026-11-22T09:30"},
           finds="datetime_value < 2026-11-22T00:00", wrong=(("2026-11-21", "not_datetime"),), shown="09:30",
           kind=Kind.DATETIME),
    Sample(type="time", first="09:00", second="17:30", form={"time_value": "17:30"}, cell={"time_value": "17:30"},
           finds="time_value < 12:00", wrong=(("9", "not_time"), ("25:00", "not_time")), shown="17:30", kind=Kind.TIME),
    Sample(type="duration", first="PT1H30M", second="PT26H", form={"duration_value": "26:00"},
           cell={"duration_value": "26 hours"}, finds="duration_value = 90 minutes",
           wrong=((90, "not_duration"), ("2 months", "not_duration")), shown="26:00", kind=Kind.DURATION),
    Sample(type="boolean", first=False, second=True, form={"boolean_value": "true"}, cell={"boolean_value": "yes"},
           finds="not boolean_value", wrong=(("maybe", "not_boolean"),), shown="Yes", kind=Kind.BOOLEAN),
    Sample(type="choice", keys="options: [low, high]", first="low", second="high", form={"choice_value": "high"},
           cell={"choice_value": "high"}, finds='choice_value = "low"', wrong=(("middle", "unknown_option"),),
           shown="High", kind=Kind.CHOICE),
    Sample(type="multi_choice", keys="options: [red, green, blue]", first=["red", "blue"], second=["green"],
           form={"multi_choice_value": "green"}, cell={"multi_choice_value": "green"},
           finds='multi_choice_value contains "blue"', wrong=((["red", "pink"], "unknown_option"), (7, "not_list")),
           shown="Green", kind=Kind.LIST, sortable=False),
    Sample(type="tags", first=["fast", "VIP"], second=["重要"], form={"tags_value": "重要"},
           cell={"tags_value": "重要"}, finds='tags_value contains "VIP"',
           wrong=((["a,b"], "bad_tag"), (7, "not_list"), (["x" * 61], "too_long")), shown="重要", kind=Kind.LIST,
           sortable=False),
    Sample(type="person_name",
           first={"last": "Smith", "first": "Ann", "middle": None, "title": "Dr.", "suffix": None},
           second={"last": "王", "first": "伟", "middle": None, "title": None, "suffix": None},
           form={"person_name_value__last": "王", "person_name_value__first": "伟"},
           cell={"person_name_value.last": "王", "person_name_value.first": "伟"},
           finds='person_name_value.last = "Smith"', shown="王伟", kind=Kind.COMPOUND, sortable=False,
           wrong=(("Ann Smith", "not_person_name"), ({"surname": "x"}, "unknown_part"),
                  ({"last": "x" * 201}, "bad_part"))),
    Sample(type="address",
           first={"street": "1 Main St", "city": "Springfield", "region": "IL", "postal_code": None, "country": "US"},
           second={"street": "人民路1号", "city": "上海", "region": None, "postal_code": "200001", "country": None},
           form={"address_value__street": "人民路1号", "address_value__city": "上海",
                 "address_value__postal_code": "200001"},
           cell={"address_value.street": "人民路1号", "address_value.city": "上海",
                 "address_value.postal_code": "200001"},
           finds='address_value.city starts with "spring"', shown="人民路1号, 200001 上海", kind=Kind.COMPOUND,
           sortable=False, wrong=(("Main St", "not_address"), ({"city": 7}, "not_address"))),
    Sample(type="geo", first={"latitude": "31.230400", "longitude": "121.473700"},
           second={"latitude": "-33.865000", "longitude": "151.209400"},
           form={"geo_value__latitude": "-33.865", "geo_value__longitude": "151.2094"},
           cell={"geo_value.latitude": "-33.865", "geo_value.longitude": "151.2094"},
           finds="geo_value.latitude > 30", shown="-33.865, 151.2094", kind=Kind.COMPOUND, sortable=False,
           wrong=(("here", "not_geo"), ({"latitude": 91, "longitude": 0}, "out_of_world"),
                  ({"latitude": 1}, "not_geo"), ({"latitude": "NaN", "longitude": 0}, "not_geo"))),
    Sample(type="json",
           keys="schema: {type: object, properties: {size: {type: integer, minimum: 1}, color: {enum: [red, blue]}, "
                "notes: {type: array, items: {type: string}}}, required: [size], additionalProperties: false}",
           first={"size": 7, "notes": ["重要", "a <b>"]}, second={"size": 12, "color": "blue"},
           form={"json_value": '{"color": "blue",\r\n "size": 12}'},
           cell={"json_value": '{"size": 12, "color": "blue"}'},
           finds='json_value contains "重要"', shown="blue", sortable=False,
           wrong=(({}, "json_missing"), ("{", "json_syntax"), ("7", "not_json"), (7, "not_json"),
                  ({"size": 0}, "json_rule"), ({"size": 1, "colour": "red"}, "json_unknown"),
                  ({"size": 1, "notes": ["a", 7]}, "json_type"), ({"size": 1, "color": "green"}, "json_option"))),
    _file("file", Upload("报价单.txt", "一".encode()), Upload("notes.md", b"# two"),
          keys="accept: [txt, md], max_size: 1 MB"),
    _file("image", Upload("red.png", _PEN), Upload("blue.png", _INK)),
    _file("signature", Upload("one.png", _PEN), Upload("signature.png", _INK)),
    Sample(type="files", keys="max_files: 3", first=[Upload("a.txt", b"a"), Upload("b.csv", b"b,c")],
           second=[Upload("c.txt", b"see")],
           answer=[AnyFile("a.txt", "text/plain", 1), AnyFile("b.csv", "text/csv", 3)],
           second_answer=[AnyFile("c.txt", "text/plain", 3)], form={"files_value__upload": Upload("c.txt", b"see")},
           cell={"files_value": "c.txt"},
           finds='files_value contains "b.csv" and join(files_value, "+") = "a.txt+b.csv"',
           wrong=((7, "not_file"), (["x"], "not_file")), shown="c.txt", kind=Kind.LIST, sortable=False),
    _record("lookup", Known("place", "Anhui"), Known("place", "Beijing"), keys="to: place, inverse: looked_up"),
    _record("child_of", Known("place", "Chengdu"), Known("place", "Dalian"), object="kid",
            emptied=False,
            keys="to: place, inverse: kids, required: true", wrong=((7, "not_record"),)),
    _record("user", Known("user", "ann"), Known("user", "bob")),
    Sample(type="formula", written="integer", keys="formula: integer_value * 2", first=14, second=2400, writable=False,
           sortable=False, finds="", wrong=((3, "read_only"),), kind=Kind.INTEGER),
    Sample(type="autonumber", keys='format: "T-{0000}"', first="T-0001", second="T-0002", writable=False,
           finds='autonumber_value = "T-0001"', wrong=(("T-9", "read_only"),), shown="T-0002"),
    Sample(type="rollup", keys="of: parts, function: count", first=0, second=0, writable=False, sortable=False,
           finds="", wrong=((3, "read_only"),), shown="0", kind=Kind.INTEGER),
)  # fmt: skip

BY_TYPE = {sample.type: sample for sample in SAMPLES}


def app_files() -> dict[str, str]:
    """Give the app: the object `thing` with a field of every type, its parts, and a role that may do everything."""
    lines = "\n".join(f"  {sample.line}" for sample in SAMPLES if sample.object == "thing")
    columns = ", ".join(["title_text", *(sample.name for sample in SAMPLES if sample.object == "thing")])
    return {
        "objects/thing.yaml": (
            'object: thing\nlabel: Thing\ntitle: "{title_text}"\nsearch: [title_text]\nfields:\n'
            "  title_text: {type: text, required: true, external_id: true}\n"
            "  code: {type: text, unique: true}\n  seen: {type: date, index: true}\n"
            "  words: {type: tags, index: true}\n  friend: {type: lookup, to: thing, inverse: friends}\n"
            "  links_value: {type: links, to: place, inverse: holders, attributes: {part: text}}\n"
            f"{lines}\nviews:\n  all: {{columns: [{columns}]}}\n"
        ),
        "objects/kid.yaml": (
            'object: kid\nlabel: Kid\ntitle: "{title_text}"\nfields:\n'
            f"  title_text: {{type: text, required: true, external_id: true}}\n  {BY_TYPE['child_of'].line}\n"
            "views:\n  all: {columns: [title_text, child_of_value]}\n"
        ),
        "objects/place.yaml": (
            "object: place\nlabel: Place\nfields:\n  name: {type: text, required: true, external_id: true}\n"
        ),
        "objects/part.yaml": (
            "object: part\nlabel: Part\nfields:\n  name: {type: text, required: true}\n"
            "  thing: {type: child_of, to: thing, inverse: parts, required: true}\n"
            "  share: {type: decimal}\n  rate: {type: percent}\n  price: {type: money}\n"
        ),
        "roles/rep.yaml": (
            "role: rep\nlabel: Rep\nobjects:\n"
            "  thing: {read: all, create: yes, update: all, delete: all, export: all}\n"
            "  part: {read: all, create: yes, update: all, delete: all}\n  user: {read: all}\n"
            "  place: {read: all, create: yes, update: all}\n"
            "  kid: {read: all, create: yes, update: all, export: all}\nsystem: [export]\n"
        ),
        "roles/boss.yaml": "role: boss\nlabel: Boss\nincludes: [rep]\n",
        "menus.yaml": "menus: {all: {label: All, items: [{object: thing}]}}\n",
    }
