"""What the access commands answer about a running server: who can, the matrix, traffic and
suggestions, whose policy is then put in the place of the one that the role had."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError

import lake
from identity import allow
from server import BINARY


def bindery(keys, *args, status=0):
    done = subprocess.run([BINARY, "iam", *args], capture_output=True, text=True, env={**keys.env(), "PATH": "/usr/bin:/bin"}, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def world(admin):
    lake.fill(admin, "mine", "sales")
    return admin


def table(keys, name="*"):
    return f"arn:aws:glue:us-east-1:{keys.account}:table/sales/{name}"


def test_who_can(world, second):
    reader = world.user(allow("s3:GetObject", on="arn:aws:s3:::mine/*"), name="reader")
    office = world.user(allow("s3:GetObject", on="arn:aws:s3:::mine/*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), name="office")
    nobody = world.user(name="nobody")
    world.client("s3").put_bucket_policy(Bucket="mine", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": second.account}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mine/*"}]}))
    found = {e["PrincipalArn"]: e for e in json.loads(bindery(world, "who-can", "s3:GetObject", "arn:aws:s3:::mine/x", "--json"))}
    user = f"arn:aws:iam::{world.account}:user/"
    assert found[user + "reader"]["Effect"] == "allowed" and found[user + "reader"]["Statement"] == 1
    assert found[user + "office"]["Effect"] == "conditional"
    assert found[user + "office"]["Conditions"] == ["Allow: aws:SourceIp IpAddress 203.0.113.0/24"]
    assert found[user + "nobody"]["Effect"] == "implicitDeny"
    assert found[f"arn:aws:iam::{world.account}:root"]["Effect"] == "allowed"
    assert found[f"arn:aws:iam::{second.account}:root"]["Effect"] == "allowed", "named by the bucket's policy"
    world.client("s3").put_object(Bucket="mine", Key="x", Body=b"x")
    for keys, name in ((reader, "reader"), (office, "office"), (nobody, "nobody")):  # what is said is what happens
        try:
            keys.client("s3").get_object(Bucket="mine", Key="x")
            code = "none"
        except ClientError as refusal:
            code = refusal.response["Error"]["Code"]
        assert (code == "AccessDenied") == (found[user + name]["Effect"] != "allowed"), (name, code)
    text = bindery(world, "who-can", "s3:GetObject", "arn:aws:s3:::mine/x")
    assert "user/reader" in text and "user/nobody" not in text
    world.client("s3").delete_bucket_policy(Bucket="mine")


def test_who_can_assume_a_role(world):
    role = world.role(allow("s3:*"), name="trusting")
    found = {e["PrincipalArn"]: e["Effect"] for e in json.loads(bindery(world, "who-can", "sts:AssumeRole", role, "--json"))}
    assert found[f"arn:aws:iam::{world.account}:user/nobody"] == "implicitDeny"


def test_the_matrix(world):
    text = bindery(world, "matrix", "--actions", "glue:GetTable,glue:DeleteTable", "--resource", table(world, "flights"))
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith("glue:")}
    assert set(rows) == {"glue:GetTable", "glue:DeleteTable"}
    assert "yes" in rows["glue:GetTable"] and "-" in rows["glue:GetTable"]
    whole = bindery(world, "matrix", "--service", "glue")
    assert len([line for line in whole.splitlines() if line.startswith("glue:")]) > 250


def test_others_may_not_ask(world):
    stranger = world.user(name="stranger")
    for name, body in (("who-can", ("s3:GetObject", "*")), ("suggest", ("arn:aws:iam::1:user/x",)), ("matrix", ())):
        done = subprocess.run([BINARY, "iam", name, *body], capture_output=True, text=True, env={**stranger.env(), "PATH": "/usr/bin:/bin"}, timeout=60)
        assert done.returncode == 1 and "AccessDenied" in done.stderr, (name, done.stderr)


def test_a_suggestion_replaces_the_policy(world):
    iam = world.client("iam")
    passed = f"arn:aws:iam::{world.account}:role/crawls"
    iam.create_role(RoleName="crawls", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    role = world.role(allow("glue:*", "s3:*", "iam:PassRole"), name="nightly")
    keys = world.assume(role, "tonight")

    def work(crawler):
        name = keys.client("glue").get_tables(DatabaseName="sales")["TableList"][0]["Name"]
        keys.client("glue").get_table(DatabaseName="sales", Name=name)
        keys.client("s3").put_object(Bucket="mine", Key="out/a*b", Body=b"x")
        keys.client("s3").get_object(Bucket="mine", Key="out/a*b")
        keys.client("glue").create_crawler(Name=crawler, Role=passed, DatabaseName="sales", Targets={"S3Targets": [{"Path": "s3://mine/in/"}]})
        keys.client("glue").delete_crawler(Name=crawler)

    work("c")
    found = json.loads(bindery(world, "suggest", role, "--json"))
    assert found["NewlyDenied"] is None and found["Deeds"] >= 6
    assert found["NoLonger"], "glue:* and s3:* gave more than was used"
    text = json.dumps(found["Policy"])
    assert "out/a${*}b" in text and passed in text and '"iam:PassedToService": "glue.amazonaws.com"' in text
    assert "glue:*" not in text and "s3:*" not in text
    findings = world.client("accessanalyzer").validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")["findings"]
    assert [f for f in findings if f["findingType"] == "ERROR"] == []

    for name in iam.list_role_policies(RoleName="nightly")["PolicyNames"]:
        iam.delete_role_policy(RoleName="nightly", PolicyName=name)
    iam.put_role_policy(RoleName="nightly", PolicyName="least", PolicyDocument=text)
    work("c")
    with pytest.raises(ClientError) as refusal:
        keys.client("s3").put_object(Bucket="mine", Key="out/axb", Body=b"x")
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"


def test_nothing_is_recorded_for_who_did_nothing(world):
    done = subprocess.run([BINARY, "iam", "suggest", f"arn:aws:iam::{world.account}:role/unheard"], capture_output=True, text=True,
                          env={**world.env(), "PATH": "/usr/bin:/bin"}, timeout=60)
    assert done.returncode == 1 and "nothing is recorded" in done.stderr
