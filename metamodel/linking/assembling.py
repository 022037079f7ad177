"""Turns the parsed apps, in dependency order, into the linked metamodel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from metamodel.app_tree import AppTree
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry, ValueContext
from metamodel.folder import FileKind
from metamodel.linking.app_order import visible_apps
from metamodel.linking.clocks import add_clock_fields
from metamodel.linking.completing import add_system_fields, complete_views, default_layout, default_title
from metamodel.linking.gathering import (
    gather_connections,
    gather_menus,
    gather_option_sets,
    gather_queues,
    gather_roles,
    gather_settings,
    gather_teams,
    gather_templates,
)
from metamodel.linking.granting import add_default_menus, link_menus, link_roles, link_templates
from metamodel.linking.layouts import complete_layouts, with_record_type
from metamodel.linking.merging import merge_extensions
from metamodel.linking.object_names import ObjectNames
from metamodel.linking.relations import inverse_lists, resolve_targets
from metamodel.linking.rollups import resolve_rollups
from metamodel.linking.smaller_files import add_smaller_files
from metamodel.linking.translations import rule_labels, translate_objects, translate_trees
from metamodel.links import with_link_objects
from metamodel.objects import InverseDef, ObjectDef
from metamodel.reading.app_file import read_app
from metamodel.reading.node_values import Reading, word, words
from metamodel.reading.object_file import ObjectDraft, read_object
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode

_CURRENCY = re.compile(r"[A-Z]{3}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The linked metamodel, and what the reference check needs beside it: the nodes that names stand in."""

    metamodel: Metamodel
    drafts: Mapping[str, ObjectDraft]
    trees: tuple[AppTree, ...]
    names: ObjectNames
    reading: Reading


def assemble(
    trees: list[AppTree], types: FieldTypeRegistry, sources: Mapping[str, str], problems: Problems
) -> Linked | None:
    """Link parsed apps (core first, the main app last); None where there is no app at all."""
    if not trees:
        return None
    reading = _reading(trees, types, problems)
    trees = translate_trees(trees, reading.language, problems)
    nodes = {tree.name: tree.app for tree in trees}
    visible = {tree.name: visible_apps(tree.name, nodes) for tree in trees}
    keyed = _object_nodes(trees, problems)
    unreadable = frozenset(name for tree in trees for name in tree.unreadable)
    names = ObjectNames({owner: key for key, (owner, _) in keyed.items()}, visible, unreadable)
    merged = _merged_nodes(trees, keyed, names, problems)
    merged = translate_objects(merged, trees, names, reading.language, problems)
    whole = with_link_objects({key: (owner, merged[key]) for key, (owner, _) in keyed.items()}, problems)
    if len(whole) > len(keyed):
        names = ObjectNames({owner: key for key, (owner, _) in whole.items()}, visible, unreadable)
    option_sets = gather_option_sets(trees, problems)
    drafts = {
        key: read_object(key, owner[1], owner[0], node, option_sets, reading) for key, (owner, node) in whole.items()
    }
    drafts = add_clock_fields(drafts, trees, names, reading)
    drafts, objects = _link_objects(drafts, names, reading.language, problems)
    apps = tuple(
        replace(
            read_app(tree.app, reading, tree.rule_files, tree.data_files),
            rule_labels=rule_labels(tree, reading.language),
        )
        for tree in trees
    )
    menus = add_default_menus(link_menus(gather_menus(trees, reading, problems), names), apps, objects)
    roles = link_roles(gather_roles(trees, reading, problems), objects, menus, names, problems)
    metamodel = Metamodel(
        apps=apps,
        objects=MappingProxyType(objects),
        roles=MappingProxyType(roles),
        menus=MappingProxyType(menus),
        templates=MappingProxyType(link_templates(gather_templates(trees, reading, problems), names)),
        connections=MappingProxyType(gather_connections(trees, reading, problems)),
        settings=MappingProxyType(gather_settings(apps, problems)),
        teams=MappingProxyType(gather_teams(trees, reading, problems)),
        queues=MappingProxyType(gather_queues(trees, reading, problems)),
        sources=MappingProxyType(dict(sources)),
    )
    metamodel = add_smaller_files(metamodel, trees, names, reading, problems)
    return Linked(metamodel=metamodel, drafts=drafts, trees=tuple(trees), names=names, reading=reading)


def _reading(trees: list[AppTree], types: FieldTypeRegistry, problems: Problems) -> Reading:
    main = trees[-1].app
    languages = words(main.get("languages"))
    currency = word(main.get("currency")) or ""
    context = ValueContext(
        # A code that is none is told of where it stands, not again at every bound of a money field.
        currency=currency if _CURRENCY.match(currency) else "USD",
        country=word(main.get("country")),
        timezone=word(main.get("timezone")) or "UTC",
    )
    return Reading(
        types=types,
        context=context,
        language=languages[0] if languages else "en",
        problems=problems,
        app_of={tree.folder: tree.name for tree in trees},
    )


def _object_nodes(trees: list[AppTree], problems: Problems) -> dict[str, tuple[tuple[str, str], MappingNode]]:
    """Give every object's key, (app, name) and node; an earlier app's object keeps the bare name as its key."""
    found: dict[str, tuple[tuple[str, str], MappingNode]] = {}
    for tree in trees:
        for node in tree.files[FileKind.OBJECT]:
            name = word(node.get("object"))
            if name is None:
                continue
            owner = (tree.name, name)
            first = next((other for taken, other in found.values() if taken == owner), None)
            if first is not None:
                at = (node.get("object") or node).at
                message = f"the object '{name}' is written twice"
                hint = f"it stands in {(first.get('object') or first).at} already"
                problems.report("APP332", message, at, hint=hint, length=len(name))
                continue
            found[f"{tree.name}.{name}" if name in found else name] = (owner, node)
    return found


def _merged_nodes(
    trees: list[AppTree],
    keyed: Mapping[str, tuple[tuple[str, str], MappingNode]],
    names: ObjectNames,
    problems: Problems,
) -> dict[str, MappingNode]:
    extensions: dict[str, list[MappingNode]] = {}
    for tree in trees:
        for node in tree.files[FileKind.EXTENSION]:
            target = node.get("extends")
            name = word(target)
            if target is None or name is None:
                continue
            key = names.resolve(name, tree.name, target.at, problems)
            if key is not None:
                extensions.setdefault(key, []).append(node)
    return {key: merge_extensions(node, extensions.get(key, ()), problems) for key, (_, node) in keyed.items()}


def _link_objects(
    drafts: Mapping[str, ObjectDraft], names: ObjectNames, language: str, problems: Problems
) -> tuple[dict[str, ObjectDraft], dict[str, ObjectDef]]:
    resolved = resolve_targets(drafts, names, problems)
    inverses = inverse_lists(resolved, problems)
    resolved = {key: add_system_fields(draft, language) for key, draft in resolved.items()}
    resolved = resolve_rollups(resolved, inverses, problems)
    return resolved, {key: _object_def(draft, inverses[key], language) for key, draft in resolved.items()}


def _object_def(draft: ObjectDraft, inverses: Mapping[str, InverseDef], language: str) -> ObjectDef:
    title = draft.title or default_title(draft)
    return ObjectDef(
        key=draft.key,
        name=draft.name,
        app=draft.app,
        at=draft.at,
        fields=MappingProxyType(draft.fields),
        label=draft.label,
        plural=draft.plural,
        help=draft.help,
        icon=draft.icon,
        title=title,
        search=draft.search,
        history=draft.history,
        validations=draft.validations,
        unique=draft.unique,
        duplicates=draft.duplicates,
        reveal_duplicates=draft.reveal_duplicates,
        pool=draft.pool,
        privacy=draft.privacy,
        behaviour=draft.behaviour,
        source=draft.source,
        rate_date=draft.rate_date,
        links=draft.links,
        layout=with_record_type(draft.layout or default_layout(draft, inverses, language), draft),
        layouts=complete_layouts(draft),
        record_types=draft.record_types,
        views=MappingProxyType(complete_views(draft, language)),
        inverses=MappingProxyType(dict(inverses)),
        was=draft.was,
    )
