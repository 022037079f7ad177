"""Compiles reads: from a query and an actor's rights to one kept statement with the shape of its rows.

Whatever a caller names is checked with what the actor may read, so an unreadable field is an unknown one. The access
predicate stands in the statement itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Select, func, literal_column, select

from engine.access.candidates import are_exact, candidates
from engine.access.compiler import Access
from engine.access.eyes import AccessEyes
from engine.access.predicates import EVERYONE
from engine.errors import QueryProblem
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql
from engine.records.batches import given_one_of
from engine.records.cell import Cell, CellMasker
from engine.records.cells import CellMaker
from engine.records.link_cells import LinkPath, link_cell, link_path, refuse_links
from engine.records.merging.keeping import was_merged
from engine.records.ordering import OrderKey, after_row, id_key, order_by, order_key
from engine.records.parts import ReleaseParts
from engine.records.query_problems import elsewhere, problem
from engine.records.questions import CompiledRead, Question
from engine.records.searching import SearchCompiler
from engine.records.shapes import CELLS_AT, CellShape
from engine.records.statements import Lead, Prepared, find_leads
from engine.records.types import MOST_LINKED
from engine.storage.source_rows import PLACE_COLUMN
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from metamodel.views import SortKey, ViewDef
from workflow_dsl import typed as t
from workflow_dsl.checker import CheckedExpression


class QueryCompiler:
    """Compiles the reads of one object for one set of rights."""

    def __init__(self, parts: ReleaseParts, access: Access, object_def: ObjectDef, language: str) -> None:
        self._parts = parts
        self._access = access
        self._object = object_def
        self._builder: SqlBuilder = parts.builder(access, language)
        alias = parts.tables.of(object_def.key).asked.alias()
        eyes = None if access.full else AccessEyes(access)
        self.scope = RowScope(self._builder, Frame(alias), object_def.key, alias, False, eyes)
        self.environment = Environment(self.scope.frame, self.scope, (), eyes)
        self.conditions: list[Sql] = [alias.c["deleted_at"].is_(None)]
        self._leads: tuple[Lead, ...] = ()
        self._linked: int | None = MOST_LINKED
        self._shape = CellShape(object_def.key, ())

    def one(self, fields: Sequence[str] | None) -> CompiledRead:
        """Compile the read of one record by its id, parameter `id`."""
        self.require_readable()
        self.conditions.append(self.scope.id == runtime("id", self.scope.id.type))
        cells = self._cells(fields if fields is not None else self._all_shown())
        return CompiledRead(self.prepare(self._select(cells, ())), CellShape(self._object.key, cells), 0)

    def titles(self, *, binned: bool = False) -> CompiledRead:
        """Compile the read of what records (binned: of the bin) are called: parameter `ids`, of `given_values`."""
        self.require_readable()
        if binned:
            self.conditions[0] = self.scope.alias.c["deleted_at"].is_not(None)
        self.conditions.append(given_one_of(self.scope.id, "ids", self._parts.tables.dialect))
        return CompiledRead(self.prepare(self._select((), ())), CellShape(self._object.key, ()), 0)

    def page(self, question: Question) -> CompiledRead:
        """Compile a list."""
        keys = self.ordered(question)
        return self.read(self.listed(question, keys).limit(literal_column(str(int(question.limit) + 1))), len(keys))

    def ordered(self, question: Question, *, found: bool = False) -> list[OrderKey]:
        """Narrow what is read to what a page may hold; give what it is ordered by. found: see `narrowed`."""
        self.narrowed(question, found=found)
        keys = self.order(question)
        self._refuse_leads()
        if question.empty is not None:
            self.conditions.append(after_row(keys, question.empty, sqlite=self.sqlite))
        return keys

    def narrowed(self, question: Question, *, found: bool = False) -> None:
        """Narrow what is read to what a list may hold; found: of candidates that are exact, which need no test."""
        if not found:
            self.require_readable()
        if question.binned:
            self.conditions[0] = self.scope.alias.c["deleted_at"].is_not(None)
            self._require("delete")
            self.conditions.append(~was_merged(self._builder, self._object.key, self.scope.id))
        self._narrow(question, self.view(question.view))
        self._refuse_leads()

    def order(self, question: Question) -> list[OrderKey]:
        """Give what a list is ordered by; the last made or deleted first where nothing says so."""
        sort = question.sort or self.view_sort(self.view(question.view))
        keys = [self._order_key(item) for item in sort]
        if not keys:
            keys.append(OrderKey(self.scope.alias.c["deleted_at" if question.binned else "created_at"], True, True))
        return [*keys, id_key(self.scope, descending=keys[-1].descending)]

    def listed(self, question: Question, keys: Sequence[OrderKey]) -> Select[Any]:
        """Give the rows of a list in order, each with its sort values at its end."""
        self._linked = None if question.exported else question.linked
        cells = self._cells(self._columns(question, self.view(question.view)))
        self._shape = CellShape(self._object.key, cells)
        return self._select(cells, keys).order_by(*order_by(keys, sqlite=self.sqlite))

    def read(self, query: Select[Any], keys: int) -> CompiledRead:
        """Give the kept statement of what was `listed`."""
        return CompiledRead(self.prepare(query), self._shape, keys)

    @property
    def sqlite(self) -> bool:
        """Whether statements are SQLite's."""
        return self._builder.numbers.sqlite

    def candidates(self) -> CTE | None:
        """Give where the records are that may be read, if they can be found without reading the others."""
        predicate = self._access.of(self._object.key).actions["read"]
        return None if predicate is EVERYONE else candidates(predicate, self._builder, self._object.key)

    def finds_exactly(self) -> bool:
        """Say whether the `candidates` are all that may be read, and nothing else."""
        return are_exact(self._access.of(self._object.key).actions["read"])

    def placed(self, question: Question) -> CompiledRead:
        """Compile a list of rows of another database that were fetched in their order; their places end each row."""
        self.narrowed(question)
        cells = self._cells(self._columns(question, self.view(question.view)))
        place = self.scope.alias.c[PLACE_COLUMN]
        query = self._select(cells, (OrderKey(place, False, True),)).order_by(place)
        return CompiledRead(self.prepare(query), CellShape(self._object.key, cells), 1)

    def count(self, question: Question, cap: int | None) -> Prepared:
        """Compile the count of what a list holds, at most `cap`."""
        self.narrowed(question)
        rows: Select[Any] = select(literal_column("1")).select_from(self.scope.frame.source).where(*self.conditions)
        if cap is not None:
            rows = rows.limit(literal_column(str(int(cap))))
        return self.prepare(select(func.count()).select_from(rows.subquery()))

    def require_readable(self) -> None:
        """Narrow what is read to what may be read."""
        self._require("read")

    def _require(self, action: str) -> None:
        predicate = self._access.of(self._object.key).actions[action]
        if predicate is not EVERYONE:
            self.conditions.append(predicate.sql(self.scope))

    def _narrow(self, question: Question, view: ViewDef | None) -> None:
        if question.exported:
            self._require("export")
        if view is not None and view.where is not None:
            self.conditions.append(self._condition(view.where.text))
        if question.filter is not None and question.filter.strip():
            self.conditions.append(self._condition(question.filter))
        if question.inside is not None:
            field_name, target = question.inside
            own = self.scope.reference_to(field_name, target)
            self.conditions.append(own == runtime("inside", own.type))
        if question.words:
            search = SearchCompiler(self._parts, self._access, self._builder, self._object, self.scope)
            self.conditions.append(search.condition(question.words))

    def _condition(self, text: str) -> Sql:
        checked = self._parts.language.brought(text, self._object.key, self._access.may_read)
        if checked.typed is None:
            raise QueryProblem(checked.problems.errors)
        try:
            return self._builder.condition(checked.typed, self.environment, loose=True)
        except NotInSql as fault:
            raise QueryProblem([fault.problem]) from fault

    def view(self, name: str | None) -> ViewDef | None:
        """Give a view by name.

        Raises: QueryProblem where there is none, or not for these roles.
        """
        if name is None:
            return None
        views, access = self._object.views, self._access
        view = views.get(name)
        if view is None or (view.roles and not access.full and not access.roles & set(view.roles)):
            raise problem("EXP902", f"'{name}' is not a view of {self._object.key}", did_you_mean(name, views))
        return view

    def _columns(self, question: Question, view: ViewDef | None) -> Sequence[str]:
        if question.fields:
            return question.fields
        if view is not None and (view.columns or view.card):
            shown = view.columns or view.card
            # A view shows what its reader may see of it; only what a caller names himself is refused.
            return self.shown_paths([path.text for path in shown])
        return self._all_shown()

    def view_sort(self, view: ViewDef | None) -> Sequence[SortKey]:
        """Give what of a view's order may be read."""
        return [key for key in view.sort if self._read_path(key.path).typed is not None] if view is not None else ()

    def shown_paths(self, paths: Sequence[str]) -> list[str]:
        """Give those of some paths that are shown to the reader, in clear or masked."""
        return [path for path in paths if self._links_at(path) or self._shown_path(path).typed is not None]

    def _all_shown(self) -> Sequence[str]:
        shown = self._access.of(self._object.key).shown
        return [name for name in self._object.fields if name in shown and name != "deleted_at"]

    def _cells(self, paths: Sequence[str]) -> list[Cell]:
        about = (self._builder, self.environment, self._parts.dialect)
        maker, masker = CellMaker(*about, CELLS_AT), CellMasker(*about, self._access, self._parts.release.field_types)
        cells = []
        for path in dict.fromkeys(paths):
            links = self._links_at(path)
            node = self._path_of(path, self._shown_path(path)) if links is None else None
            try:
                if links is not None:
                    about_links = (self._builder, self.environment, maker.take(), self._linked)
                    cells.append(link_cell(path, links, *about_links))
                elif node is not None:
                    cells.append(masker.mask(maker.make(path, node), node, maker.take))
            except NotInSql as fault:
                raise QueryProblem([fault.problem]) from fault
        return cells

    def _links_at(self, path: str) -> LinkPath | None:
        return link_path(self._parts, self._access, self._object.key, path)

    def _read_path(self, path: str) -> CheckedExpression:
        return self._parts.language.path(path, self._object.key, self._access.may_read)

    def _shown_path(self, path: str) -> CheckedExpression:
        """Check a path that is shown: its last field may be one that is masked, those on the way are read in clear."""
        checked = self._read_path(path)
        if checked.typed is not None:
            return checked
        seen = self._parts.language.path(path, self._object.key, self._access.may_see)
        return seen if isinstance(seen.typed, t.FieldPath) and self._is_way_read(seen.typed) else checked

    def _is_way_read(self, node: t.FieldPath) -> bool:
        holders: Sequence[str] = (self._object.key,)
        for step in node.steps:
            if not any(self._access.may_read(key, step.field.name) for key in holders):
                return False
            holders = step.targets
        return True

    def _path_of(self, path: str, checked: CheckedExpression) -> t.FieldPath:
        if checked.typed is None:
            raise QueryProblem(checked.problems.errors)
        if not isinstance(checked.typed, t.FieldPath) or checked.typed.root.kind is not t.RootKind.THIS:
            raise problem("EXP903", f"'{path}' is not a field of {self._object.key} or a path to one")
        return checked.typed

    def computed_path(self, path: str) -> t.Typed:
        """Give a checked path whose values the database sorts, groups or sums.

        Raises: QueryProblem.
        """
        refuse_links(self._parts, self._access, self._object.key, path)
        node = self._path_of(path, self._read_path(path))
        if node.field is not None and node.field.encrypted:
            raise problem("EXP409", f"'{path}' is encrypted, so lists can't be sorted, grouped or searched by it")
        return node

    def _order_key(self, item: SortKey) -> OrderKey:
        try:
            path = self.computed_path(item.path)
            return order_key(self._builder, path, self.environment, descending=item.descending)
        except NotInSql as fault:
            raise QueryProblem([fault.problem]) from fault

    def _select(self, cells: Sequence[Cell], keys: Sequence[OrderKey]) -> Select[Any]:
        alias = self.scope.alias
        columns: list[Any] = [alias.c["id"], alias.c["version"], self.scope.title()]
        columns += [part for cell in cells for part in cell.columns]
        self._leads = find_leads(self.scope.frame, columns)
        columns += [key.expr for key in keys]
        labelled = [column.label(f"c{index}") for index, column in enumerate(columns)]
        # The FROM comes last: titles and paths add their joins to it.
        return select(*labelled).select_from(self.scope.frame.source).where(*self.conditions)

    def prepare(self, query: Select[Any]) -> Prepared:
        """Give the kept statement of a query of this compiler's."""
        return Prepared(query, self._parts.dialect, self._leads)

    def _refuse_leads(self) -> None:
        """Refuse conditions and orders that read records of other databases through lookups."""
        for target, _ in self.scope.frame.leads:
            raise elsewhere(target)
