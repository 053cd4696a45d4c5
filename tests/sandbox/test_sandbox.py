"""The sandbox as a whole: started and stopped, connections kept, accounts, clock, registry."""

from __future__ import annotations

import contextlib
import gc
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest
import requests

from socialcast.sandbox import Sandbox, registry
from socialcast.sandbox.server import PortTaken

Call = Callable[..., requests.Response]


def port(sandbox: Sandbox) -> int:
    return int(sandbox.url.rpartition(":")[2])


def test_many_requests_of_one_session_share_one_connection(sandbox: Sandbox, call: Call) -> None:
    before = sandbox.connections
    for _ in range(5):
        call("GET", "/me")
        call("PUT", "/media/a.jpg", data=b"x" * 100_000)
        call("POST", "/unknown", data=b"y" * 100_000)
    assert sandbox.connections == before + 1


def test_a_body_that_nobody_reads_is_not_taken_for_the_next_request(sandbox: Sandbox, call: Call) -> None:
    before = sandbox.connections
    call("POST", "/media", data=b"GET /broken HTTP/1.1\r\n\r\n" * 5000, headers={"Content-Type": "multipart/form-data"})
    assert call("GET", "/me").json() == {"me": 1}
    assert sandbox.connections == before + 1


def test_a_hundred_clients_at_once_are_all_answered(sandbox: Sandbox, plaza: Any) -> None:
    def publish(number: int) -> int:
        form = {"text": f"post {number}"}
        return requests.post(f"{sandbox.url}/posts", data=form, headers={"Host": "plaza.example"}, timeout=30).status_code

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(publish, range(100))) == {200}
    assert len({card.text for card in plaza.cards()}) == 100
    assert sorted(record.number for record in sandbox.requests()) == list(range(1, 101))


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port(sandbox)), timeout=1):
        pass


def test_a_client_that_waits_for_leave_to_send_gets_it(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", port(sandbox)), timeout=10) as client:
        client.sendall(b"PUT /media/a.jpg HTTP/1.1\r\nHost: plaza.example\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"jpg")
        assert client.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nab"])
def test_a_body_that_breaks_off_publishes_nothing(sandbox: Sandbox, plaza: Any, body: bytes) -> None:
    head = b"POST /posts HTTP/1.1\r\nHost: plaza.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", port(sandbox)), timeout=10) as client:
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        with contextlib.suppress(OSError):  # the server may have been quicker
            client.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert plaza.cards() == []


def test_an_upload_that_breaks_off_leaves_no_file_open(plaza: Any) -> None:
    head = b"POST /media HTTP/1.1\r\nHost: plaza.example\r\nContent-Length: 999999\r\n"
    kind = b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + b"x" * 600_000
    with warnings.catch_warnings(record=True) as warned, Sandbox(mirrors={"plaza": type(plaza)}) as sandbox:
        warnings.simplefilter("always")
        with socket.create_connection(("127.0.0.1", port(sandbox)), timeout=10) as client:
            client.sendall(head + kind + part)
            client.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        sandbox.stop()
        gc.collect()
    assert [warning.message for warning in warned] == []


def test_a_taken_port_is_named_with_the_way_out(sandbox: Sandbox) -> None:
    with pytest.raises(PortTaken, match=rf"port {port(sandbox)} is taken.*--port 0"):
        Sandbox(port(sandbox), mirrors={})


def test_stopping_frees_the_port_and_deletes_the_uploads(plaza: Any) -> None:
    with Sandbox(mirrors={"plaza": type(plaza)}) as first:
        folder = first.mirror("plaza").media.folder
        assert folder.is_dir()
    assert not folder.exists()
    with Sandbox(port(first), mirrors={}) as second:
        assert second.url == first.url


def test_a_given_folder_keeps_the_uploads(plaza: Any, tmp_path: Path) -> None:
    with Sandbox(mirrors={"plaza": type(plaza)}, folder=tmp_path / "kept") as sandbox:
        headers = {"Host": "plaza.example"}
        name = requests.put(f"{sandbox.url}/media/a.jpg", data=b"photo", headers=headers, timeout=10).json()["sha256"]
    assert (tmp_path / "kept" / name).read_bytes() == b"photo"


def test_a_reset_deletes_the_uploads_unless_they_are_kept(plaza: Any, tmp_path: Path) -> None:
    for kept in (None, tmp_path / "kept"):
        with Sandbox(mirrors={"plaza": type(plaza)}, folder=kept) as sandbox:
            url, headers = f"{sandbox.url}/media/a.jpg", {"Host": "plaza.example"}
            requests.put(url, data=b"photo", headers=headers, timeout=10)
            sandbox.reset()
            assert len(list(sandbox.mirror("plaza").media.folder.iterdir())) == (1 if kept else 0)
            assert requests.put(url, data=b"photo", headers=headers, timeout=10).status_code == 200


def test_a_sandbox_that_never_started_can_be_stopped() -> None:
    sandbox = Sandbox(mirrors={})
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=1)


def test_stopping_leaves_no_thread_behind(plaza: Any) -> None:
    before = set(threading.enumerate())
    with Sandbox(mirrors={"plaza": type(plaza)}) as sandbox, requests.Session() as session:
        session.get(f"{sandbox.url}/me", headers={"Host": "plaza.example"}, timeout=10)
        sandbox.stop()
        gc.collect()
        assert set(threading.enumerate()) <= before


def test_latency_is_waited_before_each_answer(plaza: Any) -> None:
    with Sandbox(mirrors={"plaza": type(plaza)}, latency_seconds=0.05) as sandbox:
        answer = requests.get(f"{sandbox.url}/me", headers={"Host": "plaza.example"}, timeout=10)
    assert answer.elapsed.total_seconds() >= 0.05


def test_an_account_is_opened_once_and_repeatably(sandbox: Sandbox) -> None:
    first = sandbox.account("plaza", "news", tier="free")
    assert sandbox.account("plaza", "news") is first
    sandbox.reset()
    assert sandbox.account("plaza", "news", tier="free") == first


def test_the_clock_of_all_platforms_moves_forward_only(sandbox: Sandbox, plaza: Any) -> None:
    before = plaza.clock.now()
    sandbox.advance(86400)
    assert 86400 <= plaza.clock.now() - before < 86460
    with pytest.raises(ValueError, match="forward"):
        sandbox.advance(-1)


def test_another_package_adds_a_mirror_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    found = EntryPoints([EntryPoint("plaza", "socialcast.sandbox.mirror:Mirror", registry.GROUP)])
    monkeypatch.setattr(registry, "entry_points", lambda group: found.select(group=group))
    monkeypatch.setattr(registry, "MIRRORS", {})
    assert [*registry.load_mirrors()] == ["plaza"]


def test_the_sandbox_needs_nothing_of_the_rest_of_socialcast() -> None:
    script = "import sys, socialcast.sandbox; print(*sorted(m for m in sys.modules if m.startswith('socialcast.')), sep='\\n')"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert modules
    assert [name for name in modules if not name.startswith("socialcast.sandbox")] == []
