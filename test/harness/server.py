"""Runs the real program: `bindery serve` on a folder of its own, on a free port.

Start with Server.start(). Nothing here sleeps for a guessed time: it polls with a
deadline and says what it waited for.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from identity import Keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BINDERY_BIN", ROOT / "bin" / "bindery"))
REGION = "us-east-1"


def until(what, condition, seconds=10.0, every=0.005):
    """Polls condition until it answers something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(every)


class Server:
    """One `bindery serve` process. stop() and kill() may be called twice."""

    def __init__(self, folder, process, log):
        self.folder, self.process, self.log = folder, process, log
        self.url, self.account = "", ""

    @classmethod
    def start(cls, folder=None, *flags, env=None, seconds=20.0):
        """Starts a server and waits until it is ready. Without a folder it gets
        a new one, which stop() removes."""
        own = folder is None
        folder = pathlib.Path(folder or pathlib.Path(tempfile.mkdtemp(prefix="bindery-test-"), "data"))
        log = open(folder.parent / f"{folder.name}.log", "ab+")
        command = [BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--region", REGION, *flags]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BINDERY_"))}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**clean, **(env or {})})
        server = cls(folder, process, log)
        server.own = own
        try:
            until(f"a ready server on {folder}", server._ready, seconds)
        except BaseException:
            server.kill()
            raise
        return server

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.output()}")
        try:
            found = json.loads((self.folder / "server.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        if found["pid"] != self.process.pid:
            return False
        self.url, self.account = found["url"], found["account"]
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    @property
    def address(self):
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def output(self):
        """What the server logged."""
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def stop(self, seconds=10.0):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        finally:
            self.kill()
        return code

    def kill(self):
        """SIGKILL, and clean up behind a folder of our own."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if getattr(self, "own", False):
            shutil.rmtree(self.folder.parent, ignore_errors=True)

    def memory(self, field="VmRSS"):
        """Bytes, from /proc."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M)[1]) * 1024

    def root(self):
        """The first account's root key, which the first start wrote."""
        text = (self.folder / "credentials").read_text()
        found = dict(re.findall(r"^(\w+) = (\S+)$", text, re.M))
        return Keys(self.url, REGION, self.account, found["aws_access_key_id"], found["aws_secret_access_key"])

    def command(self, *args, env=None, check=True):
        """Runs `bindery ARGS`; returns the finished process."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BINDERY_"))}
        return subprocess.run(
            [BINARY, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={**clean, **(env or {})}, check=check, timeout=60,
        )

    def account_create(self, name):
        """A further account; returns its root keys."""
        text = self.command("account", "create", "--data", str(self.folder), "--name", name).stdout
        account = re.search(r"account (\d{12})", text)[1]
        return Keys(self.url, REGION, account, *self._exported(text))

    def admin(self, user="admin"):
        """The first administrator, made as the documentation says."""
        text = self.command("setup", "admin", "--data", str(self.folder), "--user", user).stdout
        return Keys(self.url, REGION, self.account, *self._exported(text))

    @staticmethod
    def _exported(text):
        return re.search(r"AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+)", text).groups()
