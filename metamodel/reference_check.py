"""Checks that every name used in the apps means something, over the linked metamodel and the nodes names stand in.

Expressions, rules and templates are texts here; the layer that reads them checks the names in those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from metamodel.folder import FileKind
from metamodel.linking.app_order import CORE
from metamodel.linking.assembling import Linked
from metamodel.names import name_fault
from metamodel.references.analytics import check_dashboard, check_report, check_target
from metamodel.references.app_names import check_app_files
from metamodel.references.behaviour import check_behaviour
from metamodel.references.connectors import check_connector
from metamodel.references.definition_names import DefinitionNames
from metamodel.references.fields import check_fields
from metamodel.references.former_names import check_former_names
from metamodel.references.intake import check_conversion, check_form
from metamodel.references.kinds import check_dependent_choices, check_record_types
from metamodel.references.menus import check_menus
from metamodel.references.money import check_money
from metamodel.references.pages import PageCheck
from metamodel.references.pools import check_pool
from metamodel.references.quality import check_quality
from metamodel.references.roles import check_roles
from metamodel.references.scenarios import check_scenario
from metamodel.references.service import (
    check_calendar,
    check_currencies,
    check_organization,
    check_service_clock,
    check_territory_circles,
)
from metamodel.references.sources import check_source
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Scalar

_CHECKS: Mapping[FileKind, Callable[[MappingNode, DefinitionNames], None]] = MappingProxyType(
    {
        FileKind.CALENDAR: check_calendar,
        FileKind.CURRENCIES: check_currencies,
        FileKind.ORGANIZATION: check_organization,
        FileKind.REPORT: check_report,
        FileKind.DASHBOARD: check_dashboard,
        FileKind.TARGET: check_target,
        FileKind.FORM: check_form,
        FileKind.CONVERSION: check_conversion,
        FileKind.SLA: check_service_clock,
        FileKind.CONNECTOR: check_connector,
        FileKind.TEST: check_scenario,
    }
)


def check_references(linked: Linked, problems: Problems) -> None:
    """Report every name that means nothing, with its place and the nearest known name."""
    metamodel = linked.metamodel
    _check_object_names(linked, problems)
    check_former_names(linked.drafts, problems)
    for key, draft in linked.drafts.items():
        check_fields(draft, linked.drafts, problems)
        check_dependent_choices(draft, problems)
        check_record_types(draft, metamodel.roles, problems)
        check_money(draft, metamodel, problems)
        check_quality(draft, problems)
        check_pool(draft, metamodel.roles, problems)
        check_behaviour(draft, linked.drafts, problems)
        check_source(draft, linked.drafts, metamodel, problems)
        PageCheck(metamodel.objects[key], metamodel.objects, linked.drafts, metamodel.roles, problems).run()
    check_roles(metamodel, linked.trees, linked.names, problems)
    check_menus(metamodel, linked.trees, linked.names, problems)
    check_app_files(metamodel, linked.trees, linked.names, problems)
    _check_smaller_files(linked, problems)


def _check_smaller_files(linked: Linked, problems: Problems) -> None:
    for tree in linked.trees:
        look = DefinitionNames(
            metamodel=linked.metamodel, drafts=linked.drafts, names=linked.names, problems=problems, app=tree.name
        )
        for kind, check in _CHECKS.items():
            for node in tree.files[kind]:
                check(node, look)
        check_territory_circles(tree, look)


def _check_object_names(linked: Linked, problems: Problems) -> None:
    for tree in linked.trees:
        for node in tree.files[FileKind.OBJECT]:
            name = node.get("object")
            # core's own object `user` is the one exception to the reserved words.
            if not isinstance(name, Scalar) or (tree.name == CORE and name.text == "user"):
                continue
            if name_fault(name.text) == "is a reserved word":
                message = f"'{name.text}' is a reserved word and can't name an object"
                problems.report("OBJ111", message, name.at, hint="choose another name", length=name.length)
