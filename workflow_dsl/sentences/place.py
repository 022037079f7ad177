"""What names mean where a sentence is: the labels of objects, fields, options and settings, followed along lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from metamodel.access import RoleDef
from metamodel.apps import Metamodel, QueueDef, TeamDef
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from workflow_dsl.syntax import NamedKind, Path

CHINESE = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a path leads to: its words, and the field or the object there, as far as they are known."""

    words: str
    field: FieldDef | None = None
    object: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where words are read. object: of `this`; row: of a list's rows; given: names with the objects they stand for."""

    metamodel: Metamodel
    language: str
    object: str | None = None
    row: str | None = None
    given: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_chinese(self) -> bool:
        """Whether the sentence is in Chinese."""
        return self.language == CHINESE

    def say(self, english: str, chinese: str) -> str:
        """Choose the words of the language."""
        return chinese if self.is_chinese else english

    def called(self, kind: NamedKind, name: str) -> str:
        """Give what a queue, role or team is called."""
        model = self.metamodel
        known: Mapping[NamedKind, Mapping[str, QueueDef | RoleDef | TeamDef]] = {
            NamedKind.QUEUE: model.queues,
            NamedKind.ROLE: model.roles,
            NamedKind.TEAM: model.teams,
        }
        found = known[kind].get(name)
        return name if found is None or found.label is None else label_text(found.label, self.language, name)

    def over(self, row: str | None) -> Place:
        """Give the place of the conditions of a list's rows."""
        return replace(self, row=row)

    def giving(self, name: str, object_key: str | None) -> Place:
        """Give the place after a name was given."""
        return replace(self, given=MappingProxyType({**self.given, name: object_key}))

    def object_def(self, name: str | None) -> ObjectDef | None:
        """Give an object by the name it is called by."""
        return self.metamodel.find_object(name) if name is not None else None

    def object_words(self, name: str, *, several: bool = False) -> str:
        """Give the label of an object, or its plural."""
        found = self.object_def(name)
        if found is None:
            return name
        label = found.plural if several and found.plural is not None else found.label
        return label_text(label, self.language, found.name)

    def one_of(self, name: str) -> str:
        """Give an object with its article: `an Account`; Chinese has none."""
        words = self.object_words(name)
        return words if self.is_chinese else f"{'an' if words[:1].lower() in 'aeio' else 'a'} {words}"

    def find(self, path: Path) -> Found:
        """Say what a path leads to in the words of labels."""
        return self.find_names(tuple(name.text for name in path.names))

    def find_names(self, names: tuple[str, ...]) -> Found:
        """Say what names joined by points lead to."""
        first, rest = names[0], names[1:]
        start = self._start(first)
        if start is None:
            return self._of_app(names)
        words, object_key, field_def = start
        said = [words] if words else []
        for name in rest:
            step = self.field_of(object_key, name)
            said.append(step.words)
            object_key, field_def = step.object, step.field
        return Found(words=self._joined(said), field=field_def, object=object_key)

    def _start(self, first: str) -> tuple[str, str | None, FieldDef | None] | None:
        if first == "this":
            return self.say("this record", "本记录"), self.object, None
        if first == "old":
            return self.say("the earlier", "原来"), self.object, None
        if first == "user":
            return self.say("the acting user", "操作人"), "user", None
        if first == "it":
            return self.say("the changed record", "被修改的记录"), self.given.get("it"), None
        if first in self.given:
            return first, self.given[first], None
        for object_key in (self.row, self.object):
            step = self._known(object_key, first)
            if step is not None:
                return step.words, step.object, step.field
        return None

    def field_of(self, object_key: str | None, name: str) -> Found:
        """Say what a name of an object's field or list is in words."""
        return self._known(object_key, name) or Found(words=name)

    def _known(self, object_key: str | None, name: str) -> Found | None:
        object_def = self.object_def(object_key)
        if object_def is None:
            return None
        found = object_def.fields.get(name)
        if found is not None:
            target = found.relation.single_target if found.relation is not None else None
            if target is None and found.relation is not None and "user" in found.relation.targets:
                target = "user"
            return Found(words=label_text(found.label, self.language, name), field=found, object=target)
        inverse = object_def.inverses.get(name)
        if inverse is None:
            return None
        return Found(words=self.object_words(inverse.object, several=True), object=inverse.object)

    def _of_app(self, names: tuple[str, ...]) -> Found:
        if names[0] == "app" and len(names) == 2:
            setting = self.metamodel.settings.get(names[1])
            label = setting.label if setting is not None else None
            words = label_text(label, self.language, names[1])
            return Found(words=self.say("the setting “{}”", "设置“{}”").format(words))
        if self.object_def(".".join(names)) is not None:
            key = ".".join(names)
            return Found(words=self.object_words(key, several=True), object=key)
        return Found(words=".".join(names))

    def _joined(self, words: list[str]) -> str:
        of = self.say("’s ", "的")
        if words[:1] == ["the earlier"]:
            return f"the earlier {of.join(words[1:])}"
        return of.join(words)


def option_words(place: Place, field_def: FieldDef | None, value: str) -> str:
    """Give the label of a choice's option, quoted; any other text as it is."""
    choice = field_def.choice if field_def is not None else None
    option = choice.option(value) if choice is not None else None
    return f"“{label_text(option.label, place.language, value) if option is not None else value}”"
