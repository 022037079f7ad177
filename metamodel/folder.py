"""The files of an app folder: which kind each one is, and their texts, read from disk or taken from a release.

Only files are read here; what stands in them is for the readers.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from pathlib import Path

from metamodel.source import Location, Problems, Severity

MAX_DATA_BYTES = 50_000_000
MAX_FILES = 5_000


class FileKind(StrEnum):
    """The kinds of file an app folder has."""

    APP = "app"
    OBJECT = "object"
    EXTENSION = "extension"
    ROLE = "role"
    MENUS = "menus"
    OPTION_SET = "option_set"
    ORGANIZATION = "organization"
    CONNECTION = "connection"
    TEMPLATE = "template"
    TRANSLATION = "translation"
    DATA = "data"
    DATA_CSV = "data_csv"
    RULES = "rules"
    CALENDAR = "calendar"
    REPORT = "report"
    DASHBOARD = "dashboard"
    FORM = "form"
    CURRENCIES = "currencies"
    CONVERSION = "conversion"
    SLA = "sla"
    TARGET = "target"
    TABLE = "table"
    TABLE_CSV = "table_csv"
    TEST = "test"
    ACCESS = "access"
    CONNECTOR = "connector"


_KINDS = (
    (re.compile(r"app\.yaml\Z"), FileKind.APP),
    (re.compile(r"menus\.yaml\Z"), FileKind.MENUS),
    (re.compile(r"organization\.yaml\Z"), FileKind.ORGANIZATION),
    (re.compile(r"objects/[^/]+\.yaml\Z"), FileKind.OBJECT),
    (re.compile(r"extensions/[^/]+\.yaml\Z"), FileKind.EXTENSION),
    (re.compile(r"roles/[^/]+\.yaml\Z"), FileKind.ROLE),
    (re.compile(r"option_sets/[^/]+\.yaml\Z"), FileKind.OPTION_SET),
    (re.compile(r"connections/[^/]+\.yaml\Z"), FileKind.CONNECTION),
    (re.compile(r"templates/[^/]+\.md\Z"), FileKind.TEMPLATE),
    (re.compile(r"translations/[^/]+\.yaml\Z"), FileKind.TRANSLATION),
    (re.compile(r"data/(?:[^/]+/)?[^/]+\.yaml\Z"), FileKind.DATA),
    (re.compile(r"data/(?:[^/]+/)?[^/]+\.csv\Z"), FileKind.DATA_CSV),
    (re.compile(r"rules/[^/]+\.rules\Z"), FileKind.RULES),
    (re.compile(r"currencies\.yaml\Z"), FileKind.CURRENCIES),
    (re.compile(r"calendars/[^/]+\.yaml\Z"), FileKind.CALENDAR),
    (re.compile(r"reports/[^/]+\.yaml\Z"), FileKind.REPORT),
    (re.compile(r"dashboards/[^/]+\.yaml\Z"), FileKind.DASHBOARD),
    (re.compile(r"forms/[^/]+\.yaml\Z"), FileKind.FORM),
    (re.compile(r"conversions/[^/]+\.yaml\Z"), FileKind.CONVERSION),
    (re.compile(r"sla/[^/]+\.yaml\Z"), FileKind.SLA),
    (re.compile(r"targets/[^/]+\.yaml\Z"), FileKind.TARGET),
    (re.compile(r"tables/[^/]+\.yaml\Z"), FileKind.TABLE),
    (re.compile(r"tables/[^/]+\.csv\Z"), FileKind.TABLE_CSV),
    (re.compile(r"tests/[^/]+\.yaml\Z"), FileKind.TEST),
    (re.compile(r"access\.txt\Z"), FileKind.ACCESS),
    (re.compile(r"connectors/[^/]+\.yaml\Z"), FileKind.CONNECTOR),
)
_IGNORED = re.compile(r"(?:.*/)?(?:\.[^/]*|README[^/]*|LICENSE[^/]*|NOTICE[^/]*|CHANGELOG[^/]*|SOURCE[^/]*)\Z|docs/")
_CODE = re.compile(r".*\.(?:py|pyc|so|sh|exe|dll|js)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFiles:
    """An app folder: its name and its texts by path inside the folder (`objects/lead.yaml`)."""

    folder: str
    texts: Mapping[str, str]

    def of_kind(self, *kinds: FileKind) -> Iterator[tuple[str, str]]:
        """Go through the files of some kinds by path: path as shown to authors, and text."""
        for path in sorted(self.texts):
            if file_kind(path) in kinds:
                yield f"{self.folder}/{path}", self.texts[path]


@lru_cache(maxsize=4 * MAX_FILES)
def file_kind(path: str) -> FileKind | None:
    """Tell what kind of file a path inside an app folder is; None for none."""
    return next((kind for pattern, kind in _KINDS if pattern.match(path)), None)


def core_files(problems: Problems) -> AppFiles:
    """Read the app core, which is part of the product."""
    with resources.as_file(resources.files("metamodel") / "core") as path:
        return read_app_files(path, problems)


def read_app_files(folder: Path, problems: Problems) -> AppFiles:
    """Read the files of an app folder that the product knows; links are not followed.

    Problems: APP001 – APP006.
    """
    name = folder.resolve().name
    texts: dict[str, str] = {}
    if not folder.is_dir():
        problems.report("APP001", f"'{folder}' is not a folder", Location(file=name))
        return AppFiles(folder=name, texts=texts)
    for path in _paths(folder):
        text = _read_file(folder, path, name, problems)
        if text is not None:
            texts[path] = text
        if len(texts) > MAX_FILES:
            problems.report("APP006", f"an app folder has at most {MAX_FILES:,} files", Location(file=name))
            break
    return AppFiles(folder=name, texts=texts)


def split_sources(sources: Mapping[str, str]) -> tuple[AppFiles, ...]:
    """Turn texts by `folder/path` (as a release stores them) into app folders."""
    folders: dict[str, dict[str, str]] = {}
    for file, text in sources.items():
        folder, _, path = file.partition("/")
        folders.setdefault(folder, {})[path] = text
    return tuple(AppFiles(folder=folder, texts=texts) for folder, texts in folders.items())


def join_sources(folders: Iterable[AppFiles]) -> dict[str, str]:
    """Give all texts by the path that is shown to authors."""
    return {f"{files.folder}/{path}": text for files in folders for path, text in files.texts.items()}


def _paths(folder: Path) -> Iterator[str]:
    for root, directories, files in os.walk(folder):
        directories[:] = sorted(d for d in directories if not d.startswith(".") and d != "__pycache__")
        within = Path(root).relative_to(folder).as_posix()
        inside = "" if within == "." else f"{within}/"
        for file in sorted(files):
            yield f"{inside}{file}"


def _read_file(folder: Path, path: str, name: str, problems: Problems) -> str | None:
    at = Location(file=f"{name}/{path}")
    if file_kind(path) is None:
        _report_unknown(path, at, problems)
        return None
    full = folder / path
    found = full.lstat()
    if stat.S_ISLNK(found.st_mode):
        problems.report("APP004", "this file is a link; links are not followed", at)
        return None
    if found.st_size > MAX_DATA_BYTES:
        problems.report("APP006", f"this file is larger than {MAX_DATA_BYTES:,} bytes", at)
        return None
    content = full.read_bytes()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        place = Location(file=at.file, line=line, column=column)
        problems.report("APP005", "this is not UTF-8 text", place, hint="save the file as UTF-8")
        return None


def _report_unknown(path: str, at: Location, problems: Problems) -> None:
    if _IGNORED.match(path):
        return
    if _CODE.match(path):
        problems.report("APP003", "an app folder carries no code", at, hint="code belongs in a plugin")
        return
    yaml_path = re.sub(r"\.yml\Z", ".yaml", path)
    hint = f"name it '{yaml_path}'" if yaml_path != path and file_kind(yaml_path) else "it is not read"
    problems.report("APP002", "no app file has this name and place", at, hint=hint, severity=Severity.WARNING)
