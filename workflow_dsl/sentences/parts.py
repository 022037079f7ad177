"""Parts that several actions have: who is meant, values by field, names given, the record it is done on."""

from __future__ import annotations

from collections.abc import Sequence

from workflow_dsl.sentences.expressions import list_words, value_words
from workflow_dsl.sentences.place import Place
from workflow_dsl.syntax import Expr, Name, Pair, Path


def people_words(place: Place, people: Sequence[Expr]) -> str:
    """Say who is meant."""
    return list_words(place, [value_words(place, each) for each in people])


def named_words(place: Place, words: str, name: Name | None) -> str:
    """Add the name that what is made is given."""
    return words + (place.say(f", called {name.text}", f"，记作 {name.text}") if name is not None else "")


def pairs_words(place: Place, object_key: str | None, pairs: Sequence[Pair]) -> str:
    """Say values by field: `Subject “Call”, Assignee Owner`."""
    said = []
    for pair in pairs:
        found = place.field_of(object_key, pair.name.text)
        said.append(place.say("{}: {}", "{}：{}").format(found.words, value_words(place, pair.value, found.field)))
    return list_words(place, said)


def on_words(place: Place, words: str, target: Path | None) -> str:
    """Add the record on which something is done, where it is not the rule's own."""
    if target is None:
        return words
    return place.say("{} on {}", "在{1}上{0}").format(words, place.find(target).words)
