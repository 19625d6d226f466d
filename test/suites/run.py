"""Runs the suites of suites.toml and writes one JSON of results for each, which
tools/scorecard judges. It installs what it needs under .cache/suites.

    python test/suites/run.py            all suites
    python test/suites/run.py NAME…      these
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "suites"
RESULTS = CACHE / "results"
LIMIT = 1800  # seconds that one suite may take


def main(names):
    suites = tomllib.loads((HERE / "suites.toml").read_text())
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in names or suites:
        (RESULTS / f"{name}.json").unlink(missing_ok=True)
        if "checkout" in suites[name] and suites[name]["checkout"] not in os.environ:
            continue
        print(f"== {name}", flush=True)
        run = run_go if "module" in suites[name] else run_pytest
        tests, version = run(name, suites[name])
        write(name, suites[name]["title"], version, tests)


def write(name, title, version, tests):
    found = {"suite": name, "title": title, "version": version, "tests": tests}
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def run_pytest(name, suite):
    """Runs a Python suite where its source package was unpacked."""
    results = RESULTS / f"{name}.tests"
    results.unlink(missing_ok=True)
    environment = {
        **clean(), **suite.get("environment", {}), "PYTHONPATH": str(HERE), "SUITE_RESULTS": str(results),
        "SUITE_SERVER": suite["server"],
    }
    command = [python(suite["requirements"]), "-m", "pytest", "-q", "--tb=short", "--color=no", "-p", "no:cacheprovider", "-p", "atserver", "-p", "results", *suite["tests"]]
    with open(RESULTS / f"{name}.log", "w") as log:
        # Its exit code says no more than the results: tests that are known to fail do.
        subprocess.run(command, cwd=folder(suite), env=environment, stdout=log, stderr=log, timeout=LIMIT)
    tests = json.loads(results.read_text()) if results.exists() else {}
    results.unlink(missing_ok=True)
    return tests, suite.get("version") or suite["source"].replace("==", " ")


def run_go(name, suite):
    """Runs a Go suite inside the module cache."""
    module, version = suite["module"].split("@")
    downloaded = json.loads(output("go", "mod", "download", "-json", suite["module"]))
    if downloaded["Sum"] != suite["sum"]:
        raise SystemExit(f"{suite['module']} has sum {downloaded['Sum']}, not {suite['sum']}")
    from seed import serving  # needs boto3, which only this kind of suite asks of us

    tests = {}
    with open(RESULTS / f"{name}.log", "w") as log, serving(python(suite["requirements"])) as (environment, locations):
        for part in suite["runs"]:
            done = subprocess.run(
                ["go", "test", "-count=1", "-json", "-run", part["run"], *suite["tests"]], cwd=downloaded["Dir"],
                env={**clean(), **environment, "TEST_TABLE_LOCATION": locations[part["location"]]},
                text=True, stdout=subprocess.PIPE, stderr=log, timeout=LIMIT,
            )
            log.write(done.stdout)
            tests.update(go_results(done.stdout))
    return tests, f"{module.rsplit('/', 1)[1]} {version.removeprefix('v')}"


def go_results(text):
    """The outcome of each test, from the lines of `go test -json`."""
    tests, output = {}, {}
    for line in text.splitlines():
        event = json.loads(line)
        name = event.get("Test", event.get("Package", ""))
        if event["Action"] == "output":
            output.setdefault(name, []).append(event["Output"].strip())
        elif event["Action"] in ("pass", "fail", "skip") and ("Test" in event or event["Action"] == "fail"):
            outcome = {"pass": "passed", "fail": "failed", "skip": "skipped"}[event["Action"]]
            tests[name] = {"outcome": outcome, "reason": go_reason(output.get(name, [])) if outcome != "passed" else ""}
    # A package fails because a test did; alone, it did not build.
    failed = [n for n, t in tests.items() if t["outcome"] == "failed"]
    return {n: t for n, t in tests.items() if "/" not in n or len(failed) == 1}


def go_reason(lines):
    """What testify said, or the last line that names its place in the source."""
    for number, line in enumerate(lines):
        if line.startswith("Error:"):
            return " ".join(" ".join(lines[number:number + 2]).split())[:500]
    told = [line for line in lines if ".go:" in line]
    return (told or lines or [""])[-1][:500]


def python(requirements):
    """The Python with a suite's requirements, made when absent or when they changed."""
    folder, wanted = CACHE / f"venv-{requirements}", HERE / "requirements" / f"{requirements}.txt"
    made = folder / "requirements.txt"
    if not made.exists() or made.read_text() != wanted.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted], check=True)
        made.write_text(wanted.read_text())
    return folder / "bin" / "python"


def folder(suite):
    return pathlib.Path(os.environ[suite["checkout"]]) if "checkout" in suite else source(suite["source"])


def source(package):
    """The folder with the tests of a source package, and the settings of pytest. The
    rest is left out: the tests are to meet the package as people install it."""
    name, version = package.split("==")
    unpacked = CACHE / "source" / f"{name}-{version}"
    if not unpacked.exists():
        with tarfile.open(download(name, package)) as archive:
            wanted = [m for m in archive.getmembers() if {"tests", "pyproject.toml", "setup.cfg"} & set(m.name.split("/")[1:2])]
            archive.extractall(unpacked.parent, members=wanted, filter="data")
    return unpacked


def download(name, package):
    downloads = CACHE / "downloads" / name
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    wanted = downloads / "wanted.txt"
    wanted.write_text(hashed(package))
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--require-hashes", "-d", downloads, "-r", wanted], check=True)
    return next(downloads.glob("*.tar.gz"))


def hashed(package):
    lines = (HERE / "requirements" / "sources.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(package + " "))


def clean():
    return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main(sys.argv[1:])
