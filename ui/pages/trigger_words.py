"""What starts a rule, in the language of the page: English as rules are written, Chinese as a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.approvals.messages import say
from engine.releases.release import Release
from metamodel.texts import label_text
from ui.context import language, release
from workflow_dsl.sentences import trigger_sentence

_MOST_KEPT = 20_000
_APPROVAL = re.compile(r"^approval (\w+): (mail|on submit|on approve|on reject|on recall)$")
_PUBLISHED = "published: "
_BATCH = re.compile(r"^(.*) \(([\d,]+) records\)$", re.DOTALL)


def trigger_text(text: str, *, is_before: bool = False) -> str:
    """Give a trigger, or the event of a run, as the page's language has it; what is no trigger stays as it is."""
    if language() != "zh":
        return text
    words = release().part("pages.triggers", _no_words)
    key = (text, is_before)
    found = words.get(key)
    if found is None:
        found = _told(text, release(), is_before=is_before)
        if len(words) < _MOST_KEPT:
            words[key] = found
    return found


def trigger_texts(texts: Iterable[str], *, is_before: bool = False) -> tuple[str, ...]:
    """Give triggers as the page's language has them."""
    return tuple(trigger_text(each, is_before=is_before) for each in texts)


def _no_words(_: Release) -> dict[tuple[str, bool], str]:
    return {}


def _told(text: str, of: Release, *, is_before: bool) -> str:
    batch = _BATCH.match(text)
    if batch is not None:
        return f"{_told(batch[1], of, is_before=is_before)}（{batch[2]} 条记录）"
    approval = _APPROVAL.match(text)
    if approval is not None:
        labels = (app.rule_labels.get(approval[1]) for app in of.metamodel.apps)
        label = next((each for each in labels if each is not None), None)
        return say(f"run_{approval[2].replace(' ', '_')}", "zh", approval=label_text(label, "zh", approval[1]))
    if text.startswith(_PUBLISHED):
        return f"发布时：{_told(text.removeprefix(_PUBLISHED), of, is_before=is_before)}"
    return trigger_sentence(text, of.metamodel, "zh", is_before=is_before) or text
