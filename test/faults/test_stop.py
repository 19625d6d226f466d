"""Ordinary ends and wrong starts."""

import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

import writers
from server import BINARY, Server, until


def test_sigterm_under_load_loses_nothing(tmp_path, round):
    """hardening.md R19: what runs is answered or refused, exit code 0 within 5 s."""
    server = Server.start(tmp_path / "data")
    writers.prepare(server.root())
    crew = writers.crew(server.root())
    stopped = threading.Event()
    threads = [threading.Thread(target=w.run, args=(stopped,), daemon=True) for w in crew]
    for t in threads:
        t.start()
    until("each writer to have written", lambda: all(w.kept or w.refused for w in crew))
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0, server.output()
    assert time.monotonic() - began <= 5
    stopped.set()
    for t in threads:
        t.join(10)
    again = Server.start(tmp_path / "data")
    try:
        for w in crew:
            assert w.refused is None, w.refused
            w.check(again.root())
    finally:
        assert again.stop() == 0


@pytest.fixture(scope="module")
def server():
    s = Server.start()
    yield s
    assert s.stop() == 0, s.output()


def serve(folder, *flags):
    """Runs a server that must end by itself."""
    return subprocess.run(
        [BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0", *flags],
        capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)


def test_a_second_server_on_the_folder_is_refused(server):
    done = serve(server.folder)
    assert done.returncode == 1
    assert "the data folder is in use by another bindery process" in done.stderr
    assert server.root().client("sts").get_caller_identity()["Account"] == server.account


def test_a_folder_of_a_newer_program_is_refused(tmp_path):
    server = Server.start(tmp_path / "data")
    assert server.stop() == 0
    (tmp_path / "data" / "FORMAT").write_text("999\n")
    done = serve(tmp_path / "data")
    assert done.returncode == 1 and "999" in done.stderr, done.stderr


def test_a_folder_without_its_keys_is_refused(tmp_path):
    server = Server.start(tmp_path / "data")
    assert server.stop() == 0
    keys = tmp_path / "data" / "keys"
    for file in keys.iterdir():
        file.unlink()
    done = serve(tmp_path / "data")
    assert done.returncode == 1 and "key" in done.stderr, done.stderr
    assert not list(keys.iterdir()), "new keys would open nothing"


def test_another_account_is_refused(server, tmp_path):
    one = Server.start(tmp_path / "data", "--account", "111122223333")
    assert one.account == "111122223333" and one.stop() == 0
    done = serve(tmp_path / "data", "--account", "444455556666")
    assert done.returncode == 1 and "belongs to account 111122223333" in done.stderr


@pytest.mark.parametrize("flags, words", [
    (["--listen", "0.0.0.0:0"], "allow-plain-http"),
    (["--listen", "nowhere"], "--listen"),
    (["--region", "mars"], "--region"),
    (["--account", "12"], "12 digits"),
    (["--tls-cert", "x"], "--tls-key"),
    (["--log-level", "loud"], "--log-level"),
])
def test_settings_that_cannot_work_are_named(tmp_path, flags, words):
    done = serve(tmp_path / "data", *flags)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert "goroutine" not in done.stderr


def test_secrets_are_for_the_owner_only(server):
    for path in [server.folder / "credentials", server.folder / "server.json", *(server.folder / "keys").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, f"{path} is open to others: {path.stat().st_mode:o}"
    assert server.folder.stat().st_mode & 0o077 == 0


def test_no_secret_is_in_the_log_or_the_store(server):
    root = server.root()
    user = root.user()
    user.client("sts").get_caller_identity()
    root.client("sts").get_session_token()
    secrets = [root.secret.encode(), user.secret.encode()]
    for path in _files(server.folder):
        if path.name != "credentials":
            found = path.read_bytes()
            assert not any(s in found for s in secrets), f"a secret is in {path}"
    assert not any(s.decode() in server.output() for s in secrets)
    environment = pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes()
    assert not any(s in environment for s in secrets)


def _files(folder):
    return [pathlib.Path(at, name) for at, _, names in os.walk(folder) for name in names]
