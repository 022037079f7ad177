"""The fields that a service clock gives its object: when it is due, whether it was missed, how it stands.

For a clock `answer`: `answer_due`, `answer_breached`, `answer_state`, and what pausing needs, `answer_since` and
`answer_used`. The product keeps them with each save; how they follow from each other is the engine's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metamodel.definitions.service import ServiceClockDef
from metamodel.fields import ChoiceDef, FieldDef, OptionDef
from metamodel.source import LocatedText, Location
from metamodel.texts import Label, label_text

RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"
_STATES = (
    (RUNNING, "Running", "计时中", "blue"),
    (PAUSED, "Paused", "已暂停", "amber"),
    (STOPPED, "Stopped", "已停止", "gray"),
)
_PARTS = (
    ("due", "datetime", "due", "到期"),
    ("breached", "boolean", "breached", "超时"),
    ("state", "choice", "state", "计时状态"),
    ("since", "datetime", "running since", "计时开始"),
    ("used", "duration", "time used", "已用时间"),
)
_TOLD = frozenset(("breached", "state"))
PARTS = tuple(part for part, *_ in _PARTS)


def clock_field(clock: str, part: str) -> str:
    """Give the name of a clock's field: `answer_due`."""
    return f"{clock}_{part}"


def clocks_of(clocks: Iterable[ServiceClockDef], object_key: str) -> tuple[ServiceClockDef, ...]:
    """Give the clocks of an object."""
    return tuple(clock for clock in clocks if clock.object == object_key)


def clock_fields(clock: ServiceClockDef, first: str) -> Mapping[str, FieldDef]:
    """Make the fields of a clock; first: the installation's first language."""
    return {
        clock_field(clock.name, part): FieldDef(
            name=clock_field(clock.name, part),
            type=type_name,
            app=clock.app,
            at=clock.at,
            label=_label(clock, english, chinese, first),
            system=True,
            history=part in _TOLD,
            index=part == "due",
            choice=_states(clock.at, first) if part == "state" else None,
        )
        for part, type_name, english, chinese in _PARTS
    }


def _label(clock: ServiceClockDef, english: str, chinese: str, first: str) -> Label:
    named = (label_text(clock.label, "en", clock.name), label_text(clock.label, "zh", clock.name))
    return _bilingual(f"{named[0]}: {english}", f"{named[1]}：{chinese}", clock.at, first)


def _states(at: Location, first: str) -> ChoiceDef:
    return ChoiceDef(
        options=tuple(
            OptionDef(name=name, at=at, label=_bilingual(english, chinese, at, first), color=color, order=number)
            for number, (name, english, chinese, color) in enumerate(_STATES)
        )
    )


def _bilingual(english: str, chinese: str, at: Location, first: str) -> Label:
    texts = (("en", LocatedText(text=english, at=at)), ("zh", LocatedText(text=chinese, at=at)))
    return Label(texts=texts[::-1] if first == "zh" else texts)
