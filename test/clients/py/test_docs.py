"""docs/tutorial.md, run as printed: every block marked `sh`, in order, in one shell."""

import os
import pathlib
import re
import subprocess
import sys

from server import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)


def test_the_tutorial_runs_as_printed(root, tmp_path):
    blocks = BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text())
    assert len(blocks) >= 5
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    script = "set -euo pipefail\n" + "\n".join(f"echo '== block {n}'\n{text}" for n, text in enumerate(blocks, 1))
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    path = f"{pathlib.Path(sys.executable).parent}:{kept['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, stdin=subprocess.DEVNULL, timeout=300,
        env={**kept, **root.env(), "PATH": path, "HOME": str(tmp_path), "AWS_PAGER": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    for text in ("airports", "flights", "Cordova", "refused, as it should be", "glue:DeleteTable\timplicitDeny", "glue:GetTable\tallowed"):
        assert text in done.stdout, f"{text!r} is missing from:\n{done.stdout}"


def test_the_page_on_policies_runs_as_printed(root, tmp_path):
    blocks = BLOCK.findall((ROOT / "docs" / "policies.md").read_text())
    assert len(blocks) >= 5
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    path = f"{BINARY.parent}:{pathlib.Path(sys.executable).parent}:{kept['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)], capture_output=True, text=True, cwd=tmp_path, stdin=subprocess.DEVNULL,
        timeout=300, env={**kept, **root.env(), "PATH": path, "HOME": str(tmp_path), "AWS_PAGER": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    for text in ("glue:BatchCreatePartition", "did you mean glue:BatchDeleteTable?", "GLUE_MISSING_PARENT_RESOURCE", "it has errors", "no new access",
                 "more is allowed", f"arn:aws:iam::{root.account}:root", "the root user needs no policy"):
        assert text in done.stdout, f"{text!r} is missing from:\n{done.stdout}{done.stderr}"
