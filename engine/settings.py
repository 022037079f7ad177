"""What an installation is told by its operator: FIELDSTONE_* variables, then fieldstone.toml, then defaults.

An unknown key is refused with the nearest known one, so that a slip of the pen is never taken for silence. Settings
of plugins (`FIELDSTONE_PLUGIN_…`, `[plugins.NAME]`) are handed on as they are; plugins check their own.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.clock import Clock, FixedClock, SystemClock
from engine.errors import EngineError
from metamodel.names import did_you_mean

FILE_NAME = "fieldstone.toml"
_PREFIX = "FIELDSTONE_"
# Read elsewhere, or by test builds and tools; no keys of the file.
_OTHERS = frozenset(("TESTING", "CLOCK", "CRASH_AT", "SHARED", "CHROMIUM", "TEST_POSTGRES_URL", "TEST_POSTGRES_FOLDER"))
_FREE_PREFIXES = ("PLUGIN_", "EMAIL_", "WEBHOOK", "SETTING_", "TEST_", "BENCH_", "DEMO_")
# A worker at rest takes about 300.
_LEAST_MEMORY_MB = 512
_LEAST = MappingProxyType({"keep_changes_days": 1, "rate_limit": 0})
_SECRETS = frozenset(("secret_key",))
_PASSWORD = re.compile(r"(://[^:/@]*:)[^/]+(?=@)|([?&]password=)[^&]+")


class SettingsRefused(EngineError):
    """A setting of the operator is unknown or has a value that cannot be; the process does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """The settings of one process.

    database_url: where data lies. sqlite_sync: `normal` or `full` (survives a power cut). data_folder: for files and
    the secret key. secret_key: signs cookies and cursors; made once and kept in data_folder where none is given.
    file_limit_mb: what one file may have. files_quota_mb: what all may have together, 0 = no limit.
    watch_seconds: how often the process looks for a new release. worker_memory_mb: what a process that does runs may
    take, 0 = no limit. keep_changes_days: how long the change feed goes back. rate_limit: how many calls of the API a
    user or token makes in a minute, 0 = no limit. plugins: plugin → setting → value. app_settings:
    values of apps' settings out of FIELDSTONE_SETTING_<APP>_<NAME>, by what follows the second underscore.
    """

    database_url: str = "sqlite:///fieldstone.sqlite"
    sqlite_sync: str = "normal"
    data_folder: Path = Path("fieldstone-data")
    secret_key: str = ""
    pool_size: int = 10
    watch_seconds: float = 0.5
    concurrency: int = 4
    worker_memory_mb: int = 0
    file_limit_mb: int = 100
    files_quota_mb: int = 0
    keep_changes_days: int = 30
    rate_limit: int = 3_000
    base_url: str = "http://127.0.0.1:8000"
    allowed_hosts: str = ""
    egress_allow: str = ""
    plugins: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    app_settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    testing: bool = False
    clock_text: str = ""

    def clock(self) -> Clock:
        """Make the clock: the machine's, or in a test build the one FIELDSTONE_CLOCK names."""
        return clock_for_tests(self.clock_text) if self.clock_text else SystemClock()

    @property
    def egress_hosts(self) -> tuple[str, ...]:
        """The hosts inside the own network that webhooks may reach all the same."""
        return tuple(host.strip() for host in self.egress_allow.split(",") if host.strip())

    def secret(self) -> bytes:
        """Give the key that signs cookies and cursors; made on first use and kept for all processes."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.data_folder / "secret.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii").strip().encode()

    @property
    def value_keys(self) -> Path:
        """Where the keys lie that were added for encrypted fields."""
        return self.data_folder / "values.keys"

    def shown(self) -> Iterator[tuple[str, str, str]]:
        """Give name, value and origin of each setting, secrets hidden, also those inside of an address."""
        for name in _known():
            value = "(hidden)" if name in _SECRETS and getattr(self, name) else str(getattr(self, name))
            yield name, without_password(value), self.origins.get(name, "default")


def without_password(address: str) -> str:
    """Give an address with the password that stands in it hidden."""
    return _PASSWORD.sub(r"\1\2(hidden)", address)


def load_settings(
    environment: Mapping[str, str] = os.environ, *, folder: Path | None = None, **given: object
) -> PlatformSettings:
    """Read the settings of a process.

    environment: in place of the process's own. folder: where fieldstone.toml is looked for, the current one without.
    given: from the command line; None = not given.

    Raises:
        SettingsRefused: a key is unknown, a value has the wrong form, or a test switch is set outside a test build.
    """
    testing = environment.get(f"{_PREFIX}TESTING") == "1"
    for switch in ("CLOCK", "CRASH_AT"):
        if environment.get(_PREFIX + switch) and not testing:
            raise SettingsRefused(f"{_PREFIX}{switch} is for test builds: it needs {_PREFIX}TESTING=1 beside it.")
    path = (folder or Path.cwd()) / FILE_NAME
    content = _read_file(path)
    plugins = content.pop("plugins", {})
    values: dict[str, tuple[object, str]] = {}
    for name, value in content.items():
        values[_check_key(name, f"'{name}' in {FILE_NAME}")] = (value, FILE_NAME)
    for name, text in environment.items():
        if name.startswith(_PREFIX) and _is_own(name.removeprefix(_PREFIX)):
            values[_check_key(name.removeprefix(_PREFIX).lower(), name)] = (text, name)
    for name, argument in given.items():
        if argument is not None:
            values[_check_key(name, name)] = (argument, "command line")
    return PlatformSettings(
        **{name: _convert(name, value, origin) for name, (value, origin) in values.items()},  # type: ignore[arg-type]
        plugins=MappingProxyType(dict(plugins) if isinstance(plugins, dict) else {}),
        app_settings=MappingProxyType(_app_settings(environment)),
        origins=MappingProxyType({name: origin for name, (_, origin) in values.items()}),
        testing=testing,
        clock_text=environment.get(f"{_PREFIX}CLOCK", ""),
    )


class FileClock:
    """A clock for test builds that reads its instant from a file; a test moves it so."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Give the instant the file says."""
        return _instant(self._path.read_text(encoding="ascii").strip())


def clock_for_tests(text: str) -> Clock:
    """Make the clock of FIELDSTONE_CLOCK: an ISO instant, or a file that holds one.

    Raises:
        SettingsRefused: it is neither.
    """
    path = Path(text)
    if path.exists():
        return FileClock(path)
    return FixedClock(_instant(text))


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"FIELDSTONE_CLOCK is '{text}'; expected an instant such as 2026-11-21T09:00:00Z, or a file of one."
        raise SettingsRefused(message) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_READERS: Mapping[type, Callable[[Any], object]] = MappingProxyType({str: str, int: int, float: float})


def _known() -> dict[str, type]:
    others = ("plugins", "app_settings", "origins", "testing", "clock_text")
    return {item.name: type(item.default) for item in fields(PlatformSettings) if item.name not in others}


def _app_settings(environment: Mapping[str, str]) -> dict[str, str]:
    start = f"{_PREFIX}SETTING_"
    return {name.removeprefix(start): text for name, text in environment.items() if name.startswith(start)}


def _is_own(name: str) -> bool:
    return name not in _OTHERS and not name.startswith(_FREE_PREFIXES)


def _check_key(name: str, shown: str) -> str:
    known = _known()
    if name not in known:
        hint = did_you_mean(name, known)
        raise SettingsRefused(f"{shown} is not a setting{'; ' + hint if hint else '.'}")
    return name


def _convert(name: str, value: object, origin: str) -> object:
    kind = _known()[name]
    try:
        if kind in (int, float) and isinstance(value, bool):
            raise ValueError
        converted: object = Path(str(value)) if name == "data_folder" else _READERS[kind](value)
    except (TypeError, ValueError) as error:
        raise SettingsRefused(f"{name} ({origin}) is '{value}'; expected a number.") from error
    if name == "database_url":
        _require_address(str(value), origin)
    if name == "worker_memory_mb" and converted != 0 and int(str(converted)) < _LEAST_MEMORY_MB:
        message = f"{name} ({origin}) is '{value}'; expected 0, which is no limit, or at least {_LEAST_MEMORY_MB}."
        raise SettingsRefused(message)
    if name in _LEAST and int(str(converted)) < _LEAST[name]:
        raise SettingsRefused(f"{name} ({origin}) is '{value}'; expected a number from {_LEAST[name]} on.")
    if name == "sqlite_sync" and converted not in ("normal", "full"):
        raise SettingsRefused(f"{name} ({origin}) is '{value}'; expected normal or full.")
    return converted


def _require_address(address: str, origin: str) -> None:
    from engine.storage.dialect import parse_database_url

    try:
        parse_database_url(address)
    except ValueError as error:
        raise SettingsRefused(f"database_url ({origin}): {without_password(str(error))}") from error


def _read_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path} cannot be read: {error}.") from error


def _write_once(path: Path, text: str) -> None:
    # Two processes may start at once: the first one's key counts.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
