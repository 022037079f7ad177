"""Who may do what with a record, and why: for oneself, and for others where one administers users or configures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access.explaining.answers import AccessAnswer, Answer, Asked, Basis, Ground
from engine.access.explaining.service import RECORD_ACTIONS
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.asking import person_asked, url_to_ask
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb
from ui.pages.access_words import GroundRow, action_words, answer_words, basis_words, ground_rows
from ui.pages.fragments import is_htmx, render_block
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.run_trace import TraceShower, keys_of_part
from ui.whole_numbers import whole_number

blueprint = Blueprint("access", __name__)
_PEOPLE = 50
_REFUSED = (Answer.NO, Answer.MASKED)
_OFFERED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer with its reasons; those that decide stand open. ask_url: where one asks for what is refused."""

    id: str
    label: str
    answer: str
    color: str
    deciding: tuple[GroundRow, ...]
    others: tuple[GroundRow, ...]
    ask_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field: whether it is seen and changed, and where the reasons stand."""

    label: str
    read: tuple[str, str]
    update: tuple[str, str]
    why_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person: what they may do with the record and why they see it or not."""

    name: str
    login: str
    href: str
    answers: tuple[tuple[str, str], ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    """The context `page` of templates/pages/access.html. people: those who may be chosen, () where it is only oneself.

    who: whose access it is, a log-in name; "" = one's own.
    """

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    who: str
    who_name: str
    people: tuple[tuple[str, str], ...]
    rows: tuple[AnswerRow, ...]
    fields: tuple[FieldRow, ...]
    people_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """The context `page` of templates/pages/access_people.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    rows: tuple[PersonRow, ...]
    actions: tuple[str, ...]
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyPage:
    """The context `page` of templates/pages/why.html: one field of a record."""

    title: str
    crumbs: tuple[Crumb, ...]
    label: str
    row: AnswerRow
    read: AnswerRow
    of_control: tuple[GroundRow, ...]
    access_url: str


@blueprint.get("/o/<object_name>/<record_id>/access")
def show_access(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show what somebody may do with a record, and why."""
    object_def, formats, person = readable_object(object_name), user_formats(), person_asked(request.args.get("as", ""))
    title = _title(object_def, record_id)
    asked = Asked(action="read", object=object_def.key, record_id=record_id)
    explain = platform().access.explain
    answers = [
        explain(actor(), person, Asked(action=action, object=object_def.key, record_id=record_id), release=release())
        for action in (*RECORD_ACTIONS, "export")
    ]
    shower = _shower(object_def, answers, formats)
    url, chosen = _url(object_def, record_id), f"?as={quote(person.login)}" if person is not None else ""
    page = AccessPage(
        title=title,
        crumbs=_crumbs(object_def, record_id, title, str(_("Access"))),
        url=f"{url}/access",
        who=person.login if person is not None else "",
        who_name=person.name if person is not None else "",
        people=_offered(),
        rows=tuple(_answer_row(each, shower, formats) for each in answers),
        fields=tuple(
            FieldRow(
                label=label_text(object_def.fields[each.field].label, formats.language, each.field),
                read=answer_words(each.read),
                update=answer_words(each.update),
                why_url=f"{url}/why/{quote(each.field)}{chosen}",
            )
            for each in platform().access.fields(actor(), person, asked)
        ),
        people_url=f"{url}/access/people" if platform().access.may_ask_about_others(actor()) else "",
    )
    return render_template("pages/access.html", page=page)


@blueprint.get("/o/<object_name>/<record_id>/access/people")
def show_people(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show who may see, change and delete a record."""
    object_def = readable_object(object_name)
    title, url = _title(object_def, record_id), _url(object_def, record_id)
    start = min(whole_number(request.args.get("from", "0")) or 0, 10_000_000)
    users = [each for each in platform().accounts.administration.list_users() if each.enabled]
    found = platform().access.people(actor(), users[start : start + _PEOPLE], object_def.key, record_id)
    page = PeoplePage(
        title=title,
        crumbs=_crumbs(object_def, record_id, title, str(_("Who may see this record"))),
        url=f"{url}/access",
        actions=tuple(action_words(action) for action in RECORD_ACTIONS),
        rows=tuple(
            PersonRow(
                name=each.name,
                login=each.login,
                href=f"{url}/access?as={quote(each.login)}",
                answers=tuple(answer_words(each.answers[action]) for action in RECORD_ACTIONS),
                because=_first(each.because),
            )
            for each in found
        ),
        previous_url=f"{url}/access/people?from={max(start - _PEOPLE, 0)}" if start else "",
        next_url=f"{url}/access/people?from={start + _PEOPLE}" if start + _PEOPLE < len(users) else "",
    )
    return render_template("pages/access_people.html", page=page)


@blueprint.get("/o/<object_name>/<record_id>/why/<field_name>")
def show_why(object_name: str, record_id: str, field_name: str) -> ResponseReturnValue:
    """Show why a field of a record is locked, hidden or required."""
    object_def, formats, person = readable_object(object_name), user_formats(), person_asked(request.args.get("as", ""))
    title, explain = _title(object_def, record_id), platform().access.explain
    found, reading = (
        explain(
            actor(),
            person,
            Asked(action=action, object=object_def.key, record_id=record_id, field=field_name),
            release=release(),
        )
        for action in ("update", "read")
    )
    shower = _shower(object_def, (found, reading), formats)
    label = label_text(object_def.fields[field_name].label, formats.language, field_name)
    page = WhyPage(
        title=title,
        crumbs=_crumbs(object_def, record_id, title, label),
        label=label,
        row=_answer_row(found, shower, formats),
        read=_answer_row(reading, shower, formats),
        of_control=ground_rows(found.of_control, shower, formats),
        access_url=f"{_url(object_def, record_id)}/access",
    )
    if is_htmx():
        return render_block("pages/why.html", "why", page=page)
    return render_template("pages/why.html", page=page)


def _answer_row(found: AccessAnswer, shower: TraceShower, formats: Formats) -> AnswerRow:
    text, color = answer_words(found.answer)
    return AnswerRow(
        id=f"access-{found.asked.action}",
        label=action_words(found.asked.action),
        answer=text,
        color=color,
        deciding=ground_rows(found.deciding(), shower, formats),
        others=ground_rows((each for each in found.grounds if not each.decides), shower, formats),
        ask_url=url_to_ask(found.asked) if found.answer in _REFUSED and found.login == actor().login else "",
    )


def _shower(object_def: ObjectDef, answers: Iterable[AccessAnswer], formats: Formats) -> TraceShower:
    parts = [ground.condition for each in answers for ground in _all((*each.grounds, *each.of_control))]
    keys = [key for part in parts if part is not None for key in keys_of_part(part, object_def)]
    with platform().records.reading(actor(), release=release()) as transaction:
        titles = transaction.reader.titles(keys)
    readable = access_of().of(object_def.key).whole
    return TraceShower(object_def=object_def, readable=readable, titles=titles, formats=formats)


def _all(grounds: Iterable[Ground]) -> Iterable[Ground]:
    for ground in grounds:
        yield ground
        yield from _all(ground.parts)


def _first(because: Iterable[Ground]) -> str:
    told = [ground for ground in because if ground.basis is not Basis.READ_FIRST]
    if not told:
        return ""
    place = f" ({told[0].at})" if told[0].at is not None else ""
    return f"{basis_words(told[0])}{place}"


def _offered() -> tuple[tuple[str, str], ...]:
    if not platform().access.may_ask_about_others(actor()):
        return ()
    users = platform().accounts.administration.list_users()
    return tuple((each.login, each.name or each.login) for each in users[:_OFFERED])


def _title(object_def: ObjectDef, record_id: str) -> str:
    with platform().records.reading(actor(), release=release()) as transaction:
        return transaction.get(object_def.key, record_id, fields=("id",)).title or str(_("Without a name"))


def _crumbs(object_def: ObjectDef, record_id: str, title: str, last: str) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    url = _url(object_def, record_id)
    found = (Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=title, href=url))
    middle = (Crumb(label=str(_("Access")), href=f"{url}/access"),) if last != str(_("Access")) else ()
    return (*found, *middle, Crumb(label=last))


def _url(object_def: ObjectDef, record_id: str) -> str:
    return f"/o/{quote(object_def.key)}/{quote(record_id)}"
