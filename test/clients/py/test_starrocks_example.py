"""examples/starrocks/README.md, run as printed; then its user and its role are used."""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

from refusal import denied
from test_docs import BLOCK, ROOT

PROPERTY = re.compile(r'^ +"([^"]+)" = "([^"]*)"', re.M)


def test_the_example_runs_as_printed(admin, tmp_path):
    text = (ROOT / "examples" / "starrocks" / "README.md").read_text()
    blocks = BLOCK.findall(text)
    assert len(blocks) == 3
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=120,
        env={**kept, **admin.env(), "PATH": f"{pathlib.Path(sys.executable).parent}:{kept['PATH']}", "HOME": str(tmp_path), "AWS_PAGER": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    statements = [dict(PROPERTY.findall(s)) for s in done.stdout.split("CREATE EXTERNAL CATALOG")[1:]]
    assert [s["type"] for s in statements] == ["hive", "iceberg"] * 2
    assert not re.search(r'"[A-Z]+_?[A-Z]+"', done.stdout), f"a word was not replaced in:\n{done.stdout}"

    keys, role = statements[0], statements[2]
    user = dataclasses.replace(admin, id=keys["aws.glue.access_key"], secret=keys["aws.glue.secret_key"], arn=f"arn:aws:iam::{admin.account}:user/starrocks")
    session = user.assume(role["aws.glue.iam_role_arn"], ExternalId=role["aws.glue.external_id"])
    for who in (user, session):
        who.client("glue").get_databases()
        who.client("s3").put_object(Bucket="my-lake", Key="x", Body=b"x")
        assert who.client("s3").list_objects_v2(Bucket="my-lake")["KeyCount"] == 1
        with denied(who, "glue:GetCrawlers"):
            who.client("glue").get_crawlers()
