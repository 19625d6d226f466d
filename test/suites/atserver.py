"""A pytest plugin: the suite at hand meets bindery instead of what it was written
against. The suite's own files stay as they were published.

SUITE_SERVER says how long one server lives: "suite" (the suite cleans up behind
itself, or uses names of its own) or "test" (suites that take an empty account for
granted, as a mock gives it: each test meets a server with a new data folder).

What it changes is the environment that AWS clients read (endpoint, keys, region), and:

- moto's `mock_aws` runs in moto's own server mode, with our keys, not its fake ones,
  and where a suite starts moto's server it gets ours;
- requests are signed with the true time and for the server's one region, also where a
  test froze the clock or named another region;
- Arrow's S3 client, which has no variable for its endpoint, is handed it;
- names that AWS would refuse become others (SUITE_RENAME, JSON: old text -> new, in
  the constants of the suite's conftest);
- what a suite takes for there: service roles (SUITE_ROLES, paths and names), a
  bucket (AWS_TEST_BUCKET), a database (SUITE_DATABASE), and fixtures that describe the
  account (SUITE_FIXTURES, JSON: name -> value).
"""

import importlib.util
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))

from server import REGION, Server  # noqa: E402  (the line above makes it importable)

ACCOUNT = "123456789012"  # the account that mocks pretend to be
_FIXTURES = json.loads(os.environ.get("SUITE_FIXTURES", "{}"))
_EACH_TEST = os.environ.get("SUITE_SERVER") == "test"


class _Current:
    """The server of the moment. Its address and its keys stay the same over restarts,
    since suites keep clients for longer than one test."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bindery-suite-"))
        self.listen, self.keys, self.server = "127.0.0.1:0", {}, None

    def prepare(self):
        """Makes the account and its administrator, and keeps the folder to copy from."""
        self.server = Server.start(self.folder / "first", "--account", ACCOUNT)
        self.listen = self.server.url.removeprefix("http://")
        self.keys = {**self.server.admin().env(), "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment()
        for role in os.environ.get("SUITE_ROLES", "").split():
            _make_role(role)
        _make_bucket(os.environ.get("AWS_TEST_BUCKET"))
        _make_database(os.environ.get("SUITE_DATABASE"))
        self.server.stop()
        self.renew()

    def renew(self):
        self.server.kill()
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        shutil.copytree(self.folder / "first", self.folder / "data")
        # Given again, --listen overrides the harness's own.
        self.server = Server.start(self.folder / "data", "--listen", self.listen)
        self.environment()

    def environment(self):
        for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
            if os.environ.get(name):
                os.environ[name] = ""  # not removed: who set it will remove it
        os.environ.update(self.keys)

    def end(self):
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


_current = _Current()


class _OurServer:
    """Stands where a suite starts moto's server."""

    def __init__(self, *_args, **_kwargs):
        pass

    def start(self):
        pass

    stop = start

    def get_host_and_port(self):
        host, port = _current.listen.split(":")
        return host, int(port)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests():
    """Before any file of the suite is read: moto looks at the environment once."""
    _current.prepare()
    url = _current.server.url
    os.environ.update(TEST_SERVER_MODE="true", MOTO_CALL_RESET_API="false", TEST_SERVER_MODE_ENDPOINT=url, AWS_TEST_GLUE_ENDPOINT=url)
    _steer_signatures()
    for module, steer in (("moto", _steer_moto), ("flask", _steer_moto_server), ("pyarrow", _steer_arrow)):
        if importlib.util.find_spec(module):
            steer()


def _make_role(role):
    """A role that Glue may assume. What it may do is for the tests to say."""
    import boto3

    path, _, name = f"/{role}".rpartition("/")
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    boto3.client("iam").create_role(Path=f"{path}/", RoleName=name, AssumeRolePolicyDocument=document)


def _make_bucket(name):
    if name:
        import boto3

        boto3.client("s3").create_bucket(Bucket=name)


def _make_database(name):
    if name:
        import boto3

        boto3.client("glue").create_database(DatabaseInput={"Name": name})


def _steer_moto():
    import moto.core.config

    moto.core.config.default_user_config["core"]["mock_credentials"] = False


def _steer_moto_server():
    import moto.server

    moto.server.ThreadedMotoServer = _OurServer


def _steer_signatures():
    import datetime

    import botocore.auth

    now, real = botocore.auth.get_current_datetime, datetime.datetime

    def true_now(remove_tzinfo=True):
        """As botocore's own, which a frozen clock would reach."""
        told = real.now(datetime.timezone.utc)
        return told.replace(tzinfo=None) if remove_tzinfo else told

    assert abs(true_now() - now()) < datetime.timedelta(seconds=5)
    botocore.auth.get_current_datetime = true_now
    sign = botocore.auth.SigV4Auth.__init__

    def for_our_region(self, credentials, service_name, region_name):
        sign(self, credentials, service_name, REGION)

    botocore.auth.SigV4Auth.__init__ = for_our_region


def _steer_arrow():
    import pyarrow.fs

    class S3FileSystem(pyarrow.fs.S3FileSystem):
        def __init__(self, *, endpoint_override=None, **more):
            super().__init__(endpoint_override=endpoint_override or _current.server.url, **more)

    pyarrow.fs.S3FileSystem = S3FileSystem


@pytest.hookimpl(trylast=True)
def pytest_collectstart():
    for old, new in json.loads(os.environ.get("SUITE_RENAME", "{}")).items():
        for module in ("conftest", "tests.conftest"):
            _rename(vars(importlib.import_module(module)), old, new)


def _rename(names, old, new):
    for name, value in list(names.items()):
        if isinstance(value, str) and not name.startswith("__"):
            names[name] = value.replace(old, new)
        elif isinstance(value, re.Pattern):
            names[name] = re.compile(value.pattern.replace(old, new), value.flags)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if _EACH_TEST:
        _current.renew()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef):
    """Fixtures that put fake keys into the environment do not reach the clients."""
    if fixturedef.argname in _FIXTURES:
        fixturedef.func = lambda: _FIXTURES[fixturedef.argname]
    result = yield
    _current.environment()
    return result


def pytest_unconfigure(config):
    _current.end()
