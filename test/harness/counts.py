"""A pytest plugin: counts what each suite (file) ran, and ends with one line that
other programs can add up. A suite of which no test ran is a failure: a test that
nobody collects would otherwise look green for ever.
"""

import collections
import pathlib

import pytest

_counts = collections.defaultdict(collections.Counter)
_suites = set()


def pytest_collection_modifyitems(items):
    _suites.update(item.path for item in items)


def pytest_collect_file(file_path, parent):
    asked = [pathlib.Path(a.split("::")[0]).resolve() for a in parent.config.args]
    wanted = any(a == file_path or a in file_path.parents for a in asked)
    if wanted and file_path.name.startswith("test_") and file_path.suffix == ".py":
        _suites.add(file_path)


def pytest_runtest_logreport(report):
    suite = report.nodeid.split("::")[0]
    if report.failed:  # a failing fixture is a failed test as well
        _counts[suite]["failed"] += 1
    elif report.skipped:
        _counts[suite]["skipped"] += 1
    elif report.when == "call":
        _counts[suite]["passed"] += 1


def _idle():
    """Suites that were collected without a test that passed or failed."""
    ran = {pathlib.Path(s).name for s, c in _counts.items() if c["passed"] + c["failed"]}
    return sorted(s.name for s in _suites if s.name not in ran)


def pytest_sessionfinish(session):
    if session.config.option.collectonly or session.config.option.keyword:
        return
    if _idle() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    for suite in sorted(_counts):
        terminalreporter.write_line(f"{suite}: {_line(_counts[suite])}")
    for name in _idle():
        terminalreporter.write_line(f"{name}: nothing ran")


def pytest_unconfigure(config):
    """The closing line, after pytest's own summary."""
    total = sum(_counts.values(), collections.Counter())
    if not config.option.collectonly:
        print(_line(total))


def _line(c):
    return f"{c['passed']} passed, {c['failed']} failed, {c['skipped']} skipped"
