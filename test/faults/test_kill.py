"""kill -9 while eight clients write (hardening.md R1): nothing that was acknowledged
is lost, no batch is half there, and the next start is clean and quick.
"""

import threading
import time

import pytest

import writers
from server import Server

READY = 2.0  # seconds from start to ready


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """A data folder that outlives its servers, and the ledger of all rounds."""
    life = Life(tmp_path_factory.mktemp("faults") / "data")
    yield life
    life.server.stop()
    print(f"\n{life.acknowledged} acknowledged writes, {life.cut} cut off, slowest start {life.slowest * 1000:.0f} ms")


class Life:
    def __init__(self, folder):
        self.folder, self.slowest, self.acknowledged, self.cut, self.past = folder, 0.0, 0, 0, []
        self.start()
        writers.prepare(self.server.root())

    def start(self):
        began = time.monotonic()
        self.server = Server.start(self.folder)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return time.monotonic() - began


def test_killed_under_load(life, round, chance):
    crew = writers.crew(life.server.root())
    stopped = threading.Event()
    threads = [threading.Thread(target=w.run, args=(stopped,), daemon=True) for w in crew]
    for t in threads:
        t.start()
    stopped.wait(chance.uniform(0.05, 0.5))
    life.server.kill()
    stopped.set()
    for t in threads:
        t.join(30)
        assert not t.is_alive(), "a client still waits for the killed server"
    done = life.server.command("fsck", "--data", str(life.folder), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    took = life.start()
    assert took <= READY, f"ready after {took:.2f} s"
    _check(life, crew)


def _check(life, crew):
    keys = life.server.root()
    for w in crew:
        assert w.refused is None, f"{type(w).__name__}: {w.refused}"
        w.check(keys)
    life.acknowledged += sum(len(w.kept) for w in crew)
    life.cut += sum(len(w.unknown) for w in crew)
    life.past.append(crew)


def test_the_writers_wrote(life):
    """A round that wrote nothing proves nothing."""
    assert life.acknowledged > 5 * len(life.past), life.acknowledged
    wrote = {type(w).__name__ for crew in life.past for w in crew if w.kept}
    assert wrote == {kind.__name__ for kind in writers.ALL}


def test_earlier_rounds_are_still_there(life):
    keys = life.server.root()
    for crew in life.past:
        for w in crew:
            w.check(keys)
