"""Two accounts: each is alone until both sides agree."""

import pytest

import lake
from identity import allow, trust
from refusal import refused


@pytest.fixture(scope="module")
def one(admin):
    lake.fill(admin, "bucket-of-one", "shared")
    return admin


@pytest.fixture(scope="module")
def two(second):
    """An administrator of the second account."""
    return second.user(allow("*"), name="admin")


def test_accounts_are_what_they_say(one, second):
    assert one.account != second.account
    assert second.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{second.account}:root"


def test_names_are_of_an_account(one, two):
    assert two.client("iam").get_user(UserName="admin")["User"]["Arn"] != one.client("iam").get_user(UserName="admin")["User"]["Arn"]
    two.client("glue").create_database(DatabaseInput={"Name": "shared", "Description": "of two"})
    assert "Description" not in one.client("glue").get_database(Name="shared")["Database"]


def test_nothing_of_the_other_is_seen(one, two):
    assert [d["Name"] for d in two.client("glue").get_databases()["DatabaseList"]] == ["shared"]
    assert two.client("s3").list_buckets()["Buckets"] == []
    assert [u["UserName"] for u in two.client("iam").list_users()["Users"]] == ["admin"]
    assert two.client("athena").list_query_executions()["QueryExecutionIds"] == []


def test_another_accounts_catalog_is_closed(one, two):
    for name in ("shared", "missing"):
        with refused("AccessDeniedException", f"is not authorized to perform: glue:GetDatabase on resource: arn:aws:glue:us-east-1:{one.account}:"):
            two.client("glue").get_database(CatalogId=one.account, Name=name)
    with refused("AccessDeniedException", one.account):
        two.client("glue").create_table(CatalogId=one.account, DatabaseName="shared", TableInput={"Name": "x"})


def test_another_accounts_bucket_is_closed(one, two):
    with refused("AccessDenied", status=403):
        two.client("s3").list_objects_v2(Bucket="bucket-of-one")
    with refused("AccessDenied", status=403):
        two.client("s3").put_object(Bucket="bucket-of-one", Key="k", Body=b"")


def test_a_role_is_assumed_across_accounts_when_both_allow(one, two, second):
    role = one.role(allow("glue:Get*"), allow("iam:ListUsers"), name="for-two", trusts=trust(second.account))
    keys = two.assume(role)
    assert keys.client("sts").get_caller_identity()["Account"] == one.account
    assert keys.client("glue").get_table(DatabaseName="shared", Name="orders")["Table"]["CatalogId"] == one.account
    with refused("AccessDenied", "sts:AssumeRole", 403):
        second.user().assume(role)


def test_a_role_that_does_not_name_the_other_account(one, two):
    role = one.role(allow("*"), name="own-only")
    with refused("AccessDenied", "sts:AssumeRole", 403):
        two.assume(role)


def test_a_name_in_a_trust_policy_is_a_person_not_a_name(one, second):
    """A user who was deleted and made again is another."""
    first = second.user(allow("sts:AssumeRole"), name="phoenix")
    role = one.role(allow("iam:ListUsers"), name="for-phoenix", trusts=trust(first.arn))
    assert first.assume(role).token
    iam = second.client("iam")
    iam.delete_access_key(UserName="phoenix", AccessKeyId=first.id)
    iam.delete_user_policy(UserName="phoenix", PolicyName="inline")
    iam.delete_user(UserName="phoenix")
    again = second.user(allow("sts:AssumeRole"), name="phoenix")
    with refused("AccessDenied", "sts:AssumeRole", 403):
        again.assume(role)


def test_only_the_first_account_makes_accounts(server, second):
    done = server.command("account", "create", "--name", "third", env=second.env(), check=False)
    assert done.returncode == 1 and "AccessDenied" in done.stderr, done.stderr
    listed = server.command("account", "list", "--data", str(server.folder)).stdout
    assert second.account in listed and "third" not in listed


def test_a_query_does_not_cross_either(one, two, second):
    two.client("s3").create_bucket(Bucket="results-of-two")
    two.client("glue").create_table(DatabaseName="shared", TableInput=lake.csv_table("spy", "s3://bucket-of-one/shared/orders/region=us/", [("id", "bigint"), ("item", "string")]))
    status = lake.run(two.client("athena"), "select * from spy", "shared", "s3://results-of-two/")["Status"]
    assert status["State"] == "FAILED" and "plum" not in str(status), status
