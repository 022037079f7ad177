"""What is told of rules in the words of pages: standings, causes, what a rule would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _
from flask_babel import pgettext

from engine.automation.insight.views import CauseLink, Intent, RuleStanding, RuleStart, Setter
from engine.automation.run_views import ConditionPart, RunTrace
from metamodel.masks import MASK
from metamodel.texts import label_text
from ui.context import release
from ui.formats import Formats
from ui.page_parts import Change, Touched
from ui.pages.record_names import Titles, named_text, record_key
from ui.pages.run_trace import effect_word, plain

STANDING_COLORS = {
    RuleStanding.RAN: "green",
    RuleStanding.LOOKED: "amber",
    RuleStanding.NEVER: "gray",
    RuleStanding.OFF: "red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One cause of a value: words, where they lead, when."""

    icon: str
    text: str
    href: str
    sub: str
    record: str = ""
    record_url: str = ""


def standing_words(standing: RuleStanding) -> str:
    """Give the words for how a rule stands to a record."""
    words = {
        RuleStanding.RAN: _("Ran"),
        RuleStanding.LOOKED: _("Looked, did not match"),
        RuleStanding.NEVER: _("Trigger never fired"),
        RuleStanding.OFF: _("Off"),
    }
    return str(words[standing])


def start_words(start: RuleStart) -> str:
    """Give the words for what a rule waits for."""
    words = {
        RuleStart.IN_SAVE: _("In the save"),
        RuleStart.AFTER_SAVE: _("After the save"),
        RuleStart.CLOCK: _("By the clock"),
        RuleStart.CALL: _("When called"),
        RuleStart.APPROVAL: _("In an approval"),
    }
    return str(words[start])


def setter_words(setter: Setter) -> str:
    """Give the words for what set a value."""
    words = {
        Setter.PERSON: _("A person"),
        Setter.IMPORT: _("An import"),
        Setter.RULE: _("A rule"),
        Setter.BEFORE_RULE: _("A rule within the save"),
        Setter.FORMULA: _("A formula"),
        Setter.ROLLUP: _("Figures of a list"),
        Setter.PRODUCT: _("The product"),
        Setter.NOBODY: _("Nobody yet"),
    }
    return str(words[setter])


def cause_row(link: CauseLink, formats: Formats) -> CauseRow:
    """Show one cause."""
    when = formats.datetime(link.at)
    said = [when]
    if link.release is not None:
        said.append(str(_("Release %(number)s", number=link.release)))
    if link.kind is Setter.RULE:
        rule = link.label or link.rule or str(_("A rule whose run is no longer kept"))
        said = [each for each in (link.text, link.step or "", *said) if each]
        href = f"/runs/{quote(link.run)}" if link.run and link.rule else ""
        record_url = f"/o/{quote(link.object)}/{quote(link.record_id)}" if link.object and link.record_id else ""
        return CauseRow(
            icon="bolt",
            text=rule,
            href=href,
            sub=" · ".join(said),
            record=link.record_title or "",
            record_url=record_url,
        )
    if link.kind is Setter.BEFORE_RULE:
        text = str(_("%(rule)s, within the save", rule=link.label or link.rule))
        return CauseRow(icon="bolt", text=text, href="", sub=" · ".join(said))
    who = link.who or str(pgettext("actor", "System"))
    if link.kind is Setter.IMPORT:
        named = _("Import of %(file)s by %(who)s", file=link.text, who=who)
        text = str(named if link.text else _("Import by %(who)s", who=who))
        return CauseRow(icon="download", text=text, href="", sub=" · ".join(said))
    return CauseRow(icon="user", text=who, href="", sub=" · ".join(said))


def intent_rows(intents: Iterable[Intent], titles: Titles, formats: Formats) -> Iterator[Touched]:
    """Show what a rule does or would do, with the values it writes."""
    for each in intents:
        found = release().metamodel.objects.get(each.object or "")
        label = label_text(found.label, formats.language, found.name) if found is not None else ""
        said = [label, each.title or "", each.target, f"“{each.text}”" if each.text else ""]
        if found is not None and each.title is None and each.record_id is None and each.values is None:
            said.append(MASK)
        href = (
            f"/o/{quote(each.object)}/{quote(each.record_id)}" if each.object and each.record_id and each.title else ""
        )
        word = effect_word(each.kind) if each.kind != "other" else str(_("Does"))
        yield Touched(
            word=word,
            text=" ".join(part for part in said if part) or "–",
            href=href,
            changes=tuple(_values(each, titles, formats)),
        )


def intent_keys(intents: Iterable[Intent]) -> Iterator[tuple[str, str]]:
    """Give the records that written values point at."""
    for each in intents:
        found = release().metamodel.objects.get(each.object or "")
        for name, value in (each.values or {}).items():
            key = record_key(found.fields.get(name), value) if found is not None else None
            if key is not None:
                yield key


def because_text(part: ConditionPart | None, formats: Formats) -> str:
    """Say in a line what a condition read where it was false: `amount >= 100000: amount is 500`."""
    if part is None:
        return ""
    if part.masked:
        return f"{part.text}: {MASK}"
    read = [each for each in _leaves(part) if each.text != part.text]
    values = ", ".join(f"{each.text} = {_shown(each, formats)}" for each in read)
    return f"{part.text}: {values}" if values else part.text


def outcome_words(trace: RunTrace) -> str:
    """Say how a try ended."""
    if trace.summary.outcome == "not met":
        return str(_("Its condition is false, so it does nothing."))
    return str(_("It would fail.") if trace.summary.state.value == "failed" else _("It would go through."))


def _leaves(part: ConditionPart) -> Iterator[ConditionPart]:
    if not part.parts:
        if not (part.text[:1].isdigit() or part.text[:1] in "\"'"):
            yield part
        return
    for each in part.parts:
        yield from _leaves(each)


def _shown(part: ConditionPart, formats: Formats) -> str:
    if part.masked:
        return MASK
    return plain(part.value, formats) or str(_("empty"))


def _parameter(name: str) -> str:
    """Give the word for what an act that is no save is done with."""
    words = {"for": _("Access"), "until": _("Until"), "by": _("By")}
    return str(words.get(name, name))


def _values(intent: Intent, titles: Titles, formats: Formats) -> Iterator[Change]:
    found = release().metamodel.objects.get(intent.object or "")
    for name, value in (intent.values or {}).items():
        field = found.fields.get(name) if found is not None else None
        if field is None:
            text, label = plain(value, formats), _parameter(name)
        else:
            text, label = named_text(field, value, titles, formats), label_text(field.label, formats.language, name)
        if text:
            yield Change(label=label, old="", new=text)
