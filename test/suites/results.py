"""A pytest plugin: writes what became of each test to the file SUITE_RESULTS, as
JSON: test -> {"outcome": passed | failed | skipped, "reason": one line}.
"""

import json
import os
import pathlib

import pytest

_results = {}


def pytest_runtest_logreport(report):
    name = report.nodeid
    if report.failed:  # a failing fixture, before or after the test, fails it too
        _results[name] = {"outcome": "failed", "reason": _said(report)}
    elif report.skipped and name not in _results:
        _results[name] = {"outcome": "skipped", "reason": _why(report)}
    elif report.when == "call" and report.passed:
        _results.setdefault(name, {"outcome": "passed", "reason": ""})


def pytest_collectreport(report):
    if report.failed:
        _results[report.nodeid or "collection"] = {"outcome": "failed", "reason": _said(report)}


def _said(report):
    """What the failure said, on one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return " ".join(text.split())[:500]


def _why(report):
    if hasattr(report, "wasxfail"):
        return f"expected failure: {report.wasxfail}"
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    pathlib.Path(os.environ["SUITE_RESULTS"]).write_text(json.dumps(_results, indent=1, sort_keys=True))
