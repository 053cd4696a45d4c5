"""What the environment says of proxies and accounts, and where it has no say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import pytest

from socialcast.wire.transport import Transport


class Witness(BaseHTTPRequestHandler):
    """Answers everything and remembers what it was asked."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture
def witness() -> Iterator[TCPServer]:
    server: Any = TCPServer(("127.0.0.1", 0), Witness)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def address(server: Any) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_a_platform_is_reached_through_the_proxy_that_the_environment_names(
    witness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", address(witness))
    transport = Transport()
    transport.session().get("http://api.example/2/users/me")
    transport.close()
    assert witness.asked == [("http://api.example/2/users/me", None)]


def test_a_sandbox_run_leaves_no_proxy_a_chance(witness: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    transport = Transport(sandbox_url=address(witness))
    transport.session().get("https://api.example/2/users/me")
    transport.close()
    assert witness.asked == [("/2/users/me", None)]


def test_a_netrc_file_does_not_replace_the_accounts_own_token(
    witness: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    transport = Transport(sandbox_url=address(witness))
    transport.session().get("https://api.example/2/users/me", headers={"Authorization": "Bearer sandbox-news-token"})
    transport.close()
    assert witness.asked == [("/2/users/me", "Bearer sandbox-news-token")]
