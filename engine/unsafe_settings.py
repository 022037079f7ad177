"""Says which settings of an operator are unsafe to serve with, each with its reason; `serve` refuses to start on any.

It looks at settings, files and the database's role, and changes nothing. What is safe on one's own machine (an address
that only this machine reaches) may be refused beyond it.
"""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, make_url, select

from engine.errors import EngineError
from engine.settings import PlatformSettings
from engine.storage.database import Database
from engine.storage.dialect import Dialect

_SHORTEST_KEY = 32
_FEWEST_CHARACTERS = 10
_SAMPLES = ("changeme", "change-me", "change me", "secret-key", "secret key", "your-", "example", "sample", "insecure",
            "dev-key", "password", "0123456789", "abcdefgh")  # fmt: skip
_SAMPLE_PASSWORDS = frozenset(
    ("postgres", "password", "changeme", "secret", "admin", "root", "crm", "fieldstone", "123456", "test", "example")
)
_DEBUG = ("FLASK_DEBUG", "FIELDSTONE_DEBUG", "WERKZEUG_DEBUG_PIN", "PYTHONDEVMODE")
_OFF = frozenset(("", "0", "false", "no", "off"))
_LOCAL_NAMES = frozenset(("localhost", ""))


class UnsafeSettings(EngineError):
    """The server does not start: settings are unsafe."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n  ".join(("It would not be safe to serve so; nothing was started:", *reasons)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is looked at. host: the address to listen on. static: the folder whose files everybody gets."""

    settings: PlatformSettings
    environment: Mapping[str, str]
    host: str
    static: Path
    database: Database | None = None

    @property
    def is_beyond(self) -> bool:
        """Whether others than this machine reach the server."""
        return not is_local(self.host)


def require_safe(serving: Serving) -> None:
    """Refuse unsafe settings.

    Raises: UnsafeSettings.
    """
    reasons = [reason for check in CHECKS for reason in check(serving)]
    if reasons:
        raise UnsafeSettings(reasons)


def is_local(host: str) -> bool:
    """Say whether a host is this machine, and reached from nowhere else."""
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _key(serving: Serving) -> Iterator[str]:
    settings, given = serving.settings, serving.environment.get("FIELDSTONE_SECRET_KEY")
    if (given is not None and not given.strip()) or settings.secret_key != settings.secret_key.strip():
        yield "secret_key is empty or has spaces around it: leave it out, and one is made, or give a long random one"
        return
    stored = settings.data_folder / "secret.key"
    key = settings.secret_key or (stored.read_text("ascii", "replace").strip() if stored.exists() else None)
    if key is None:
        if serving.is_beyond and not settings.database_url.startswith("sqlite"):
            yield "secret_key is missing: servers and workers on one PostgreSQL share one, so it has to be given"
        return
    if len(key) < _SHORTEST_KEY:
        yield f"secret_key is short: it has {len(key)} characters, at least {_SHORTEST_KEY} are needed"
    elif any(sample in key.lower() for sample in _SAMPLES):
        yield "secret_key is a sample that everybody knows: make one with `openssl rand -hex 32`"
    elif serving.is_beyond and len(set(key)) < _FEWEST_CHARACTERS:
        yield "secret_key is no random text: make one with `openssl rand -hex 32`"


def _debug(serving: Serving) -> Iterator[str]:
    for name in _DEBUG:
        if serving.environment.get(name, "").lower() not in _OFF:
            yield f"{name} is set: debug mode shows code and data to everybody"


def _testing(serving: Serving) -> Iterator[str]:
    if serving.settings.testing and (serving.is_beyond or serving.settings.base_url.startswith("https:")):
        yield "FIELDSTONE_TESTING is set: with it the clock and crashes can be set from outside"


def _secret_files(serving: Serving) -> Iterator[str]:
    folder = serving.settings.data_folder
    for path in (folder / "secret.key", serving.settings.value_keys):
        if _mode(path) & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"the key file {path.name} is readable by others: chmod 600 {path}"
    if _mode(folder) & stat.S_IWOTH:
        yield f"everybody on this machine may write into the data folder: chmod o-w {folder}"


def _settings_file(serving: Serving) -> Iterator[str]:
    from engine.settings import FILE_NAME

    path = Path(FILE_NAME)
    secret = serving.settings.origins.get("secret_key") == FILE_NAME
    if secret and _mode(path) & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{FILE_NAME} holds the secret key and is readable by others: chmod 600 {FILE_NAME}"


def _places(serving: Serving) -> Iterator[str]:
    static = serving.static.resolve()
    database = _database_file(serving.settings)
    if database is not None and database.resolve().is_relative_to(static):
        yield "the database lies under the static folder, whose files everybody gets"
    if serving.settings.data_folder.resolve().is_relative_to(static):
        yield "the data folder lies under the static folder, whose files everybody gets"
    if database is not None and _mode(database) & stat.S_IWOTH:
        yield f"everybody on this machine may write into the database: chmod o-w {database}"


def _role(serving: Serving) -> Iterator[str]:
    database = serving.database
    if database is None or database.dialect is not Dialect.POSTGRESQL or serving.settings.testing:
        return
    with database.read() as connection:
        if connection.execute(select(func.current_setting("is_superuser"))).scalar() == "on":
            yield "the database role is a superuser: CREATE ROLE one that owns this database and no more"


def _database_password(serving: Serving) -> Iterator[str]:
    if serving.settings.database_url.startswith("sqlite"):
        return
    url = make_url(serving.settings.database_url)
    if url.host is None or is_local(url.host):
        return
    if str(url.password or "").lower() in _SAMPLE_PASSWORDS:
        yield "the password of the database is one that everybody tries first"
    if url.query.get("sslmode") == "disable":
        yield "sslmode=disable: data and password go to the database in clear"


def _base_url(serving: Serving) -> Iterator[str]:
    parts = urlsplit(serving.settings.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        yield "base_url is no address of a site, such as https://crm.example.com; links in mails begin with it"
    elif parts.scheme == "http" and not is_local(parts.hostname):
        yield "base_url begins with http: passwords and cookies would travel in clear; people need https"


def _hosts(serving: Serving) -> Iterator[str]:
    allowed = [name.strip() for name in serving.settings.allowed_hosts.split(",")]
    if any("*" in name for name in allowed):
        yield "allowed_hosts has *: any name would be answered, so that links and caches can be poisoned"
    reach = [name.strip() for name in serving.settings.egress_allow.split(",")]
    if any("*" in name or "/" in name for name in reach):
        yield "egress_allow has * or a network: rules and webhooks would reach everything inside"


def _mail(serving: Serving) -> Iterator[str]:
    given = {str(name): value for name, value in serving.settings.plugins.get("email", {}).items()}
    start = "FIELDSTONE_PLUGIN_EMAIL_"
    given |= {
        name.removeprefix(start).lower(): value for name, value in serving.environment.items() if name.startswith(start)
    }
    host, security = str(given.get("host") or ""), str(given.get("security") or "starttls")
    if security == "none" and given.get("password") and not is_local(host):
        yield "the password of the mail server would travel in clear: email security is none"


CHECKS: tuple[Callable[[Serving], Iterator[str]], ...] = (
    _key, _debug, _testing, _secret_files, _settings_file, _places, _role, _database_password, _base_url, _hosts, _mail
)  # fmt: skip


def _database_file(settings: PlatformSettings) -> Path | None:
    if not settings.database_url.startswith("sqlite"):
        return None
    name = make_url(settings.database_url).database
    return Path(name) if name and name != ":memory:" else None


def _mode(path: Path) -> int:
    try:
        return os.stat(path).st_mode if os.name == "posix" else 0
    except OSError:
        return 0
