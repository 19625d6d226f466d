"""Prints the figures of test/figures.sh."""

import os
import pathlib
import statistics
import sys
import tempfile
import time

from server import BINARY, Server

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 11
IDLE_AFTER = 2.0  # seconds until memory is read


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bindery-figures-"))
    print(f"program            {BINARY.stat().st_size / 1e6:.1f} MB")
    print(f"fsync p50          {fsync(folder) * 1000:.2f} ms")
    first, again, idle, peak = [], [], [], []
    for n in range(ROUNDS):
        data = folder / str(n)
        first.append(timed(data)[0])
        seconds, server = timed(data, keep=True)
        again.append(seconds)
        if n == 0:
            time.sleep(IDLE_AFTER)  # not to wait for something, but to measure rest
            idle.append(server.memory())
            peak.append(server.memory("VmHWM"))
        server.stop()
    print(f"ready, empty folder  p50 {p50(first)} ms, slowest {max(first) * 1000:.0f} ms (goal 150)")
    print(f"ready, second start  p50 {p50(again)} ms, slowest {max(again) * 1000:.0f} ms")
    print(f"idle memory        {idle[0] / 1e6:.1f} MB, peak {peak[0] / 1e6:.1f} MB (goal 60)")


def timed(data, keep=False):
    """Seconds from starting the process to its first answer on /readyz."""
    began = time.perf_counter()
    server = Server.start(data)
    seconds = time.perf_counter() - began
    if not keep:
        server.stop()
    return seconds, server


def p50(values):
    return f"{statistics.median(values) * 1000:.0f}"


def fsync(folder):
    took = []
    with open(folder / "fsync", "wb") as f:
        for _ in range(50):
            f.write(b"x" * 4096)
            f.flush()
            began = time.perf_counter()
            os.fsync(f.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took)


main()
