"""Fixtures of the door suites: one server, seen from outside."""

import pytest

from server import Server


@pytest.fixture(scope="module")
def server():
    s = Server.start()
    yield s
    assert s.stop() == 0, s.output()


@pytest.fixture(scope="module")
def root(server):
    return server.root()
