"""The safe client reaches public addresses only, however an inner one is written, resolved or redirected to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins import EgressFailed, EgressRefused
from plugins.egress import EgressLimits, EgressPolicy, SafeEgress, is_public

pytestmark = pytest.mark.promise("SEC-36")


class _Sink(BaseHTTPRequestHandler):
    received: list[tuple[str, bytes]]
    credentials: list[str | None]
    redirect_to: str

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).received.append((self.path, body))
        type(self).credentials.append(self.headers.get("Authorization"))
        if self.path == "/redirect":
            self.send_response(307)
            self.send_header("Location", type(self).redirect_to)
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * (5_000_000 if self.path == "/big" else 2))

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def sink() -> Iterator[type[_Sink]]:
    handler = type("Sink", (_Sink,), {"received": [], "credentials": [], "redirect_to": "/there"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.port = server.server_address[1]  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler
    server.shutdown()
    server.server_close()


def _allowing(sink: type[_Sink], limits: EgressLimits | None = None) -> SafeEgress:
    return SafeEgress(EgressPolicy(private_hosts=(f"127.0.0.1:{sink.port}",)), limits)  # type: ignore[attr-defined]


def _url(sink: type[_Sink], path: str = "/") -> str:
    return f"http://127.0.0.1:{sink.port}{path}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
        "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "::127.0.0.1", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_addresses_that_may_lead_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@given(st.integers(0, 2**32 - 1))
def test_no_ipv6_form_of_an_ipv4_address_is_public(number: int) -> None:
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    for form in (f"::{high}:{low}", f"::ffff:{high}:{low}", f"64:ff9b::{high}:{low}", f"2002:{high}:{low}::1"):
        assert not is_public(form)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "0x7f000001", "017700000001", "[::1]",
        "[::ffff:127.0.0.1]", "localhost", "127.0.0.1.", "[64:ff9b::7f00:1]", "169.254.169.254", "a_b c", "127.1%20",
    ],
)  # fmt: skip
def test_no_notation_of_an_inner_host_is_reached(host: str) -> None:
    with pytest.raises(EgressRefused):
        SafeEgress(EgressPolicy()).post(f"https://{host}/", body=b"", headers={})


def test_a_name_with_one_private_address_among_its_addresses_is_refused() -> None:
    client = SafeEgress(EgressPolicy(), resolve=lambda *_: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(EgressRefused, match="not public"):
        client.post("https://example.com/", body=b"", headers={})


def test_the_checked_address_is_the_one_connected_to(sink: type[_Sink]) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.1"]

    port = sink.port  # type: ignore[attr-defined]
    client = SafeEgress(EgressPolicy(private_hosts=("inner.example",)), resolve=resolve)
    assert client.post(f"http://inner.example:{port}/", body=b"1", headers={}).status == 200
    assert asked == ["inner.example"]


def test_the_operator_allows_a_host_of_the_own_network(sink: type[_Sink]) -> None:
    assert _allowing(sink).post(_url(sink), body=b"hello", headers={}).status == 200
    assert sink.received == [("/", b"hello")]


def test_a_redirect_is_followed_with_the_body_and_checked_again(sink: type[_Sink]) -> None:
    assert _allowing(sink).post(_url(sink, "/redirect"), body=b"b", headers={}).status == 200
    assert sink.received == [("/redirect", b"b"), ("/there", b"b")]
    sink.redirect_to = "http://169.254.169.254/latest/"
    with pytest.raises(EgressRefused):
        _allowing(sink).post(_url(sink, "/redirect"), body=b"b", headers={})


def test_credentials_stay_with_the_host_they_are_for(sink: type[_Sink]) -> None:
    port = sink.port  # type: ignore[attr-defined]
    policy = EgressPolicy(private_hosts=(f"one.example:{port}", f"other.example:{port}"))
    client = SafeEgress(policy, resolve=lambda *_: ["127.0.0.1"])
    start, own = f"http://one.example:{port}/redirect", {"authorization": "Bearer secret"}
    client.post(start, body=b"b", headers=own)
    sink.redirect_to = f"http://other.example:{port}/there"
    client.post(start, body=b"b", headers=own)
    assert sink.credentials == ["Bearer secret", "Bearer secret", "Bearer secret", None]


def test_redirects_without_end_are_left(sink: type[_Sink]) -> None:
    sink.redirect_to = "/redirect"
    with pytest.raises(EgressFailed, match="redirects"):
        _allowing(sink).post(_url(sink, "/redirect"), body=b"", headers={})
    assert len(sink.received) == 4


def test_an_answer_is_read_up_to_its_limit(sink: type[_Sink]) -> None:
    answer = _allowing(sink, EgressLimits(answer_bytes=100)).post(_url(sink, "/big"), body=b"", headers={})
    assert len(answer.body) == 100


def test_a_request_over_its_size_is_not_sent(sink: type[_Sink]) -> None:
    with pytest.raises(EgressRefused, match="bytes"):
        _allowing(sink, EgressLimits(request_bytes=3)).post(_url(sink), body=b"1234", headers={})
    assert sink.received == []


def test_a_server_that_drips_its_answer_is_left_when_time_is_up() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                while not stop.wait(0.05):
                    connection.sendall(b"H")
            except OSError:
                return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    client = SafeEgress(EgressPolicy(private_hosts=("127.0.0.1",)), EgressLimits(total_s=0.4))
    begun = time.monotonic()
    with pytest.raises(EgressFailed, match="longer than"):
        client.post(f"http://127.0.0.1:{port}/", body=b"", headers={})
    stop.set()
    listener.close()
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "https://", "https://ann:pw@example.com/", "https://x:99999/"]
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(EgressRefused):
        SafeEgress(EgressPolicy()).post(url, body=b"", headers={})


def test_plain_http_goes_to_allowed_hosts_only() -> None:
    with pytest.raises(EgressRefused, match="without TLS"):
        SafeEgress(EgressPolicy()).post("http://example.com/", body=b"", headers={})


def test_a_host_that_the_manifest_does_not_name_is_refused() -> None:
    policy = EgressPolicy(hosts=("*.example.com",))
    assert policy.allows("api.example.com")
    assert not policy.allows("example.org")
    with pytest.raises(EgressRefused, match=r"plugin\.yaml"):
        SafeEgress(policy).post("https://example.org/", body=b"", headers={})
