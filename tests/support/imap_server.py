"""A small IMAP server on loopback, as much of RFC 3501 as reading a box takes; what it holds and says is the test's."""

from __future__ import annotations

import base64
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_LITERAL = re.compile(rb"<0\.(\d+)>")


@dataclass(slots=True)
class ImapBox:
    """One box. before: called with each command before it is answered; it may drop the connection by raising."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    validity: int = 7
    password: str = "pässword"
    folder: str = "INBOX"
    commands: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda command: None
    port: int = 0

    def put(self, raw: bytes | str, *, seen: bool = False) -> int:
        """Deliver a mail, and give its number."""
        number = max(self.mails, default=0) + 1
        self.mails[number] = raw if isinstance(raw, bytes) else raw.replace("\n", "\r\n").encode()
        if seen:
            self.seen.add(number)
        return number


class Dropped(Exception):
    """Lets the server drop the connection."""


class _Session(socketserver.StreamRequestHandler):
    box: ImapBox

    def handle(self) -> None:
        self._send("* OK ready")
        while line := self.rfile.readline(65_536):
            tag, _, rest = line.decode().strip().partition(" ")
            command = rest.upper()
            self.box.commands.append(rest)
            try:
                self.box.before(rest)
                self._answer(command, rest)
            except (Dropped, OSError):
                return
            self._send(f"{tag} {self._state} done")
            if command == "LOGOUT":
                return

    def _answer(self, command: str, written: str) -> None:
        self._state = "OK"
        if command == "CAPABILITY":
            self._send("* CAPABILITY IMAP4rev1 AUTH=PLAIN")
        elif command.startswith("AUTHENTICATE"):
            self._send("+ ")
            given = base64.b64decode(self.rfile.readline()).decode().split("\0")
            self._state = "OK" if given[2] == self.box.password else "NO"
        elif command.startswith("SELECT"):
            self._state = "OK" if written.split(" ", 1)[1] == f'"{self.box.folder}"' else "NO"
            self._send(f"* {len(self.box.mails)} EXISTS")
            self._send(f"* OK [UIDVALIDITY {self.box.validity}] valid")
        elif command.startswith("UID SEARCH"):
            self._send(f"* SEARCH {' '.join(map(str, self._found(command)))}")
        elif command.startswith("UID FETCH"):
            self._fetch(int(command.split()[2]), written.encode())
        elif command.startswith("UID STORE"):
            self.box.seen.add(int(command.split()[2]))

    def _found(self, command: str) -> list[int]:
        numbers = sorted(self.box.mails)
        if "UNSEEN" in command:
            return [each for each in numbers if each not in self.box.seen]
        wanted = command.split("UID ")[-1].split(":")[0]
        newest = numbers[-1:]
        return newest if wanted == "*" else [each for each in numbers if each >= int(wanted)] or newest

    def _fetch(self, number: int, written: bytes) -> None:
        most = _LITERAL.search(written)
        raw = self.box.mails.get(number)
        if raw is not None and most is not None:
            part = raw[: int(most[1])]
            self.wfile.write(f"* 1 FETCH (UID {number} BODY[]<0> {{{len(part)}}}\r\n".encode() + part + b")\r\n")

    def _send(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def imap_server() -> Iterator[ImapBox]:
    """Serve one box until the block ends."""
    box = ImapBox()
    session = type("Session", (_Session,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), session) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()
