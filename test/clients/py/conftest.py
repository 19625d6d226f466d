"""Fixtures of the client suites: a fresh server for each file of tests."""

import pytest

from server import Server


@pytest.fixture(scope="module")
def server():
    s = Server.start()
    yield s
    assert s.stop() == 0, s.output()


@pytest.fixture(scope="module")
def root(server):
    """The first account's root user."""
    return server.root()


@pytest.fixture(scope="module")
def admin(server):
    """An administrator, who is an IAM user and can assume roles (root cannot)."""
    return server.admin()


@pytest.fixture(scope="module")
def second(server):
    """The root user of a second account."""
    return server.account_create("second")
