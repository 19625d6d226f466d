"""The AWS CLI, as a user types it. Each command gets only an endpoint, keys and a region."""

import copy
import json
import os
import pathlib
import shlex
import subprocess
import sys
import urllib.request

import pytest

from server import BINARY, until

AWS = pathlib.Path(sys.executable).with_name("aws")


class Shell:
    """Runs `aws …` lines with somebody's keys."""

    def __init__(self, keys, home):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env = {**kept, **keys.env(), "HOME": str(home), "AWS_PAGER": ""}
        self.home = home

    def run(self, line, stdin=None):
        return subprocess.run(
            [sys.executable, AWS, *shlex.split(line)], capture_output=True, text=True, env=self.env,
            cwd=self.home, input=stdin, stdin=None if stdin else subprocess.DEVNULL, timeout=60)

    def __call__(self, line):
        """The answer, parsed when it is JSON; fails when the command fails."""
        done = self.run(line)
        assert done.returncode == 0, done.stderr
        text = done.stdout.strip()
        return json.loads(text) if text[:1] in "{[" and text else text

    def fails(self, line, *words):
        """The command must fail, and say all of these words."""
        done = self.run(line)
        assert done.returncode != 0, done.stdout
        for word in words:
            assert word in done.stderr, done.stderr
        return done


@pytest.fixture(scope="module")
def aws(admin, tmp_path_factory):
    return Shell(admin, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def as_root(root, tmp_path_factory):
    return Shell(root, tmp_path_factory.mktemp("home"))


def test_the_settings_of_bindery_env_are_enough(server, as_root):
    """What the first page of the documentation tells to do."""
    line = f'eval "$({BINARY} env --data {server.folder})" && {sys.executable} {AWS} sts get-caller-identity --query Arn --output text'
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=clean, timeout=60)
    assert done.stdout.strip() == f"arn:aws:iam::{server.account}:root", done.stderr


def test_sts(aws, admin):
    assert aws("sts get-caller-identity --query Arn --output text").endswith(":user/admin")
    aws.fails("sts get-access-key-info --access-key-id AKIAIOSFODNN7EXAMPLE", "UnsupportedOperationException", "sts:GetAccessKeyInfo")


def test_iam_user_life(aws):
    made = aws("iam create-user --user-name cli --path /team/ --tags Key=team,Value=blue")
    assert made["User"]["Path"] == "/team/"
    key = aws("iam create-access-key --user-name cli")["AccessKey"]
    assert aws("iam list-access-keys --user-name cli --query 'AccessKeyMetadata[].AccessKeyId' --output text") == key["AccessKeyId"]
    aws("iam update-access-key --user-name cli --access-key-id " + key["AccessKeyId"] + " --status Inactive")
    aws("iam delete-access-key --user-name cli --access-key-id " + key["AccessKeyId"])
    aws.fails("iam create-user --user-name cli", "An error occurred (EntityAlreadyExists) when calling the CreateUser operation")
    aws("iam delete-user --user-name cli")
    aws.fails("iam get-user --user-name cli", "An error occurred (NoSuchEntity) when calling the GetUser operation")


def test_iam_policies_from_files(aws):
    (aws.home / "policy.json").write_text('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:Get*","Resource":"*"}]}')
    arn = aws("iam create-policy --policy-name from-file --policy-document file://policy.json --query Policy.Arn --output text")
    aws("iam create-group --group-name cli-group")
    aws(f"iam attach-group-policy --group-name cli-group --policy-arn {arn}")
    attached = aws("iam list-attached-group-policies --group-name cli-group")
    assert attached["AttachedPolicies"] == [{"PolicyName": "from-file", "PolicyArn": arn}]
    version = aws(f"iam get-policy-version --policy-arn {arn} --version-id v1")
    assert version["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "glue:Get*"
    (aws.home / "bad.json").write_text('{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}')
    aws.fails("iam create-policy --policy-name bad --policy-document file://bad.json", "(MalformedPolicyDocument)")


def test_assuming_a_role_through_a_profile(aws, admin):
    """The CLI's own way: a profile with role_arn; it calls AssumeRole itself."""
    (aws.home / "trust.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{admin.account}:root"}, "Action": "sts:AssumeRole"}]}))
    role = aws("iam create-role --role-name cli-role --assume-role-policy-document file://trust.json --query Role.Arn --output text")
    aws("iam attach-role-policy --role-name cli-role --policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    (aws.home / ".aws").mkdir()
    (aws.home / ".aws" / "config").write_text(f"[profile reader]\nrole_arn = {role}\ncredential_source = Environment\nrole_session_name = night\n")
    who = aws("--profile reader sts get-caller-identity --query Arn --output text")
    assert who == f"arn:aws:sts::{admin.account}:assumed-role/cli-role/night"
    assert aws("--profile reader iam list-users --query 'length(Users)'") == "1"
    aws.fails("--profile reader iam create-user --user-name no", "(AccessDenied)", f"User: {who} is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::{admin.account}:user/no because no identity-based policy allows the iam:CreateUser action")


def test_simulate(aws, admin):
    decision = aws(f"iam simulate-principal-policy --policy-source-arn arn:aws:iam::{admin.account}:role/cli-role "
                   "--action-names iam:GetUser iam:DeleteUser --query 'EvaluationResults[].EvalDecision' --output text")
    assert decision.split() == ["allowed", "implicitDeny"]


def test_wrong_keys_are_told(aws):
    broken = copy.copy(aws)
    broken.env = {**aws.env, "AWS_SECRET_ACCESS_KEY": "wrong"}
    broken.fails("sts get-caller-identity", "(SignatureDoesNotMatch)", "The request signature we calculated does not match the signature you provided")
    broken.env = {**aws.env, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}
    broken.fails("sts get-caller-identity", "(InvalidClientTokenId)", "The security token included in the request is invalid")
    broken.env = {**aws.env, "AWS_DEFAULT_REGION": "eu-central-1"}
    broken.fails("glue get-databases", "(InvalidSignatureException)", "Credential should be scoped to a valid Region, not")


@pytest.mark.parametrize("line", ["dynamodb list-tables", "ec2 describe-instances", "lambda list-functions", "sns list-topics"])
def test_services_we_do_not_serve_are_refused_by_name(aws, line):
    aws.fails(line, "UnsupportedOperationException", "bindery does not serve")


def test_glue(aws):
    aws("glue create-database --database-input Name=sales,Description=d")
    table = {"Name": "orders", "TableType": "EXTERNAL_TABLE", "PartitionKeys": [{"Name": "day", "Type": "date"}],
             "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": "s3://cli/orders/"}}
    (aws.home / "table.json").write_text(json.dumps(table))
    aws("glue create-table --database-name sales --table-input file://table.json")
    aws("glue create-partition --database-name sales --table-name orders --partition-input Values=2024-02-29")
    assert aws("glue get-table --database-name sales --name orders --query Table.VersionId --output text") == "0"
    assert aws("glue get-tables --database-name sales --query 'TableList[].Name' --output text") == "orders"
    found = aws("""glue get-partitions --database-name sales --table-name orders --expression "day > '2024-01-01'" """)
    assert [p["Values"] for p in found["Partitions"]] == [["2024-02-29"]]
    aws.fails("glue get-table --database-name sales --name nosuch", "An error occurred (EntityNotFoundException) when calling the GetTable operation")
    aws.fails("glue create-database --database-input Name=sales", "(AlreadyExistsException)", "Database already exists.")
    aws.fails("glue get-ml-transforms", "(UnsupportedOperationException)", "bindery does not support glue:GetMLTransforms yet.")
    aws("glue delete-table --database-name sales --name orders")


def test_s3(aws):
    aws("s3 mb s3://cli")
    folder = aws.home / "up"
    folder.mkdir()
    for name, size in {"a.txt": 5, "b c.txt": 10, "big.bin": 20 << 20}.items():
        (folder / name).write_bytes(os.urandom(size))
    aws("s3 cp up/a.txt s3://cli/one/a.txt")
    assert "a.txt" in aws("s3 ls s3://cli/one/")
    aws("s3 sync --no-progress up s3://cli/tree")
    assert aws("s3 sync --no-progress up s3://cli/tree") == "", "nothing had changed, and something was sent"
    assert aws("s3 ls s3://cli --recursive --summarize").count("tree/") == 3
    aws("s3 sync --no-progress s3://cli/tree down")
    assert {p.name: p.read_bytes() for p in (aws.home / "down").iterdir()} == {p.name: p.read_bytes() for p in folder.iterdir()}
    aws("s3 mv s3://cli/one/a.txt s3://cli/two/a.txt")
    assert "PRE two/" in aws("s3 ls s3://cli") and "PRE one/" not in aws("s3 ls s3://cli")
    assert aws.run("s3 cp - s3://cli/stdin", stdin="from a pipe").returncode == 0
    assert aws("s3 cp s3://cli/stdin -") == "from a pipe"
    url = aws("s3 presign s3://cli/stdin --expires-in 60")
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"from a pipe"
    aws.fails("s3 rb s3://cli", "BucketNotEmpty")
    aws("s3 rm s3://cli --recursive")
    aws("s3 rb s3://cli")
    aws.fails("s3 ls s3://cli", "NoSuchBucket")


def test_athena(aws):
    aws("s3 mb s3://answers")
    aws("athena get-work-group --work-group primary")
    query = aws("""athena start-query-execution --query-string "select 1 as n, upper('x') as u" --result-configuration OutputLocation=s3://answers/ --query QueryExecutionId --output text""")
    status = f"athena get-query-execution --query-execution-id {query} --query QueryExecution.Status.State --output text"
    assert until("the query to end", lambda: (s := aws(status)) in ("SUCCEEDED", "FAILED") and s, 30) == "SUCCEEDED"
    rows = aws(f"athena get-query-results --query-execution-id {query} --query 'ResultSet.Rows[].Data[].VarCharValue' --output text")
    assert rows.split() == ["n", "u", "1", "X"]
    assert aws(f"s3 cp s3://answers/{query}.csv -") == '"n","u"\n"1","X"'
