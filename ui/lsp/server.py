"""The language server: what editors send and get over stdio; places are counted in UTF-16 units.

What is said of a place is found in the modules beside; the server keeps the unsaved texts and publishes problems.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from engine.platform import installed_language
from metamodel.folder import FileKind, file_kind
from metamodel.schema_walk import SchemaWalk
from metamodel.source import Location, Problem, Severity
from plugins.manager import PluginManager
from ui.lsp.apps_on_disk import AppsOnDisk, OpenApp
from ui.lsp.completing import complete
from ui.lsp.looking_up import look_up, word_at
from ui.lsp.names import Known
from ui.lsp.place import Place, place_at

_PAUSE_S = 0.15
_SEVERITY = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFO: lsp.DiagnosticSeverity.Information,
}
_ITEM_KINDS = {
    "field": lsp.CompletionItemKind.Field,
    "object": lsp.CompletionItemKind.Class,
    "function": lsp.CompletionItemKind.Function,
    "option": lsp.CompletionItemKind.EnumMember,
    "keyword": lsp.CompletionItemKind.Keyword,
    "key": lsp.CompletionItemKind.Property,
}


class AppServer:
    """One editor's session."""

    def __init__(self, apps: AppsOnDisk) -> None:
        self._apps = apps
        self._walk = SchemaWalk()
        self._changes = 0
        self.server = LanguageServer("fieldstone", "1", text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        feature = self.server.feature
        feature(lsp.TEXT_DOCUMENT_DID_OPEN)(_plain(self._opened))
        feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(_plain(self._changed))
        feature(lsp.TEXT_DOCUMENT_DID_SAVE)(_plain(self._saved))
        feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(_plain(self._closed))
        triggers = lsp.CompletionOptions(trigger_characters=[".", " ", "{", "[", '"', ","])
        feature(lsp.TEXT_DOCUMENT_COMPLETION, triggers)(_plain(self._complete))
        feature(lsp.TEXT_DOCUMENT_HOVER)(_plain(self._hover))
        feature(lsp.TEXT_DOCUMENT_DEFINITION)(_plain(self._definition))

    async def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._keep(params.text_document.uri, params.text_document.text)
        await self._check(params.text_document.uri)

    async def _changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._keep(uri, self.server.workspace.get_text_document(uri).source)
        await self._check(uri)

    async def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        await self._check(params.text_document.uri)

    async def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        self._apps.buffers.pop(_path(params.text_document.uri), None)
        await self._check(params.text_document.uri)

    def _keep(self, uri: str, text: str) -> None:
        self._apps.buffers[_path(uri)] = text.replace("\r\n", "\n")

    async def _check(self, uri: str) -> None:
        """Check when the author pauses: only the last of several changes in a row is looked at."""
        self._changes += 1
        number = self._changes
        app = self._apps.app_of(_path(uri))
        if app is None:
            return
        await asyncio.sleep(_PAUSE_S)
        if number == self._changes:
            self._apps.check(app)
            self._publish(app)

    def _publish(self, app: OpenApp) -> None:
        by_file: dict[str, list[Problem]] = {}
        for problem in app.problems:
            if problem.at.file.partition("/")[0] in app.folders and "/" in problem.at.file:
                by_file.setdefault(problem.at.file, []).append(problem)
        for file in sorted({*by_file, *app.told}):
            path = app.path_of(Location(file=file))
            lines = self._text(path).split("\n")
            found = [_diagnostic(problem, lines) for problem in by_file.get(file, ())]
            uri = from_fs_path(str(path))
            if uri is not None:
                self.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri=uri, diagnostics=found))
        app.told = frozenset(by_file)

    def _text(self, path: Path) -> str:
        kept = self._apps.buffers.get(path)
        if kept is not None:
            return kept
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    def _complete(self, params: lsp.CompletionParams) -> lsp.CompletionList:
        found = self._at(params.text_document.uri, params.position)
        if found is None:
            return lsp.CompletionList(is_incomplete=False, items=[])
        app, place, _, _ = found
        language = self._apps.language
        known = complete(place, app.metamodel, language.field_types, language.functions)
        once = {(item.name, item.what): item for item in known}
        items = [
            lsp.CompletionItem(label=item.name, detail=item.detail, kind=_ITEM_KINDS.get(item.what))
            for item in once.values()
        ]
        return lsp.CompletionList(is_incomplete=False, items=items)

    def _hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        known = self._known(params.text_document.uri, params.position)
        if known is None:
            return None
        return lsp.Hover(contents=lsp.MarkupContent(kind=lsp.MarkupKind.PlainText, value=known[0].detail))

    def _definition(self, params: lsp.DefinitionParams) -> lsp.Location | None:
        known = self._known(params.text_document.uri, params.position)
        if known is None or known[0].at is None or "/" not in known[0].at.file:
            return None
        path = known[1].path_of(known[0].at)
        start = _position(known[0].at.line - 1, known[0].at.column - 1, self._text(path).split("\n"))
        uri = from_fs_path(str(path))
        return lsp.Location(uri=uri, range=lsp.Range(start=start, end=start)) if uri is not None else None

    def _known(self, uri: str, position: lsp.Position) -> tuple[Known, OpenApp] | None:
        found = self._at(uri, position)
        if found is None:
            return None
        app, _, text, offset = found
        word = word_at(text, offset)
        if word is None:
            return None
        place = self._place(app, text, word.start, _path(uri))
        language = self._apps.language
        known = look_up(word, place, app.metamodel, language.field_types, language.functions) if place else None
        return (known, app) if known is not None else None

    def _at(self, uri: str, position: lsp.Position) -> tuple[OpenApp, Place, str, int] | None:
        path = _path(uri)
        app = self._apps.app_of(path)
        if app is None:
            return None
        if app.metamodel is None:
            self._apps.check(app)
        text = self._text(path)
        offset = _offset(text, position)
        place = self._place(app, text, offset, path)
        return (app, place, text, offset) if place is not None else None

    def _place(self, app: OpenApp, text: str, offset: int, path: Path) -> Place | None:
        folder = next((folder for folder in app.folders.values() if path.is_relative_to(folder)), None)
        kind = file_kind(path.relative_to(folder).as_posix()) if folder is not None else None
        if kind is None or kind in (FileKind.TEMPLATE, FileKind.DATA_CSV):
            return None
        return place_at(text, offset, kind, app.metamodel, self._walk)


def serve_stdio() -> None:
    """Serve one editor over standard input and output until it leaves."""
    start: Callable[[], None] = AppServer(AppsOnDisk(language=installed_language(PluginManager.load()))).server.start_io
    start()


def _plain(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Give a function that calls a method: the server writes its marks on what it is given, methods take none."""
    if inspect.iscoroutinefunction(method):

        async def later(params: Any) -> Any:
            return await method(params)

        return later

    def call(params: Any) -> Any:
        return method(params)

    return call


def _path(uri: str) -> Path:
    return Path(to_fs_path(uri) or uri)


def _diagnostic(problem: Problem, lines: list[str]) -> lsp.Diagnostic:
    line, column = problem.at.line - 1, problem.at.column - 1
    return lsp.Diagnostic(
        range=lsp.Range(start=_position(line, column, lines), end=_position(line, column + problem.length, lines)),
        message=problem.sentence,
        severity=_SEVERITY[problem.severity],
        code=problem.code,
        source="fieldstone",
    )


def _position(line: int, column: int, lines: list[str]) -> lsp.Position:
    text = lines[line] if line < len(lines) else ""
    return lsp.Position(line=line, character=len(text[:column].encode("utf-16-le", "surrogatepass")) // 2)


def _offset(text: str, position: lsp.Position) -> int:
    lines = text.split("\n")
    line = lines[position.line] if position.line < len(lines) else ""
    units = line.encode("utf-16-le", "surrogatepass")[: position.character * 2]
    before = sum(len(each) + 1 for each in lines[: position.line])
    return min(len(text), before + len(units.decode("utf-16-le", "ignore")))
