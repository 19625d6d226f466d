"""STS through boto3: who am I, roles, sessions, and what limits them."""

import dataclasses
import datetime

import pytest
from botocore.config import Config

from identity import allow, deny, document, trust
from refusal import denied_xml, refused

LIST_USERS = allow("iam:ListUsers", "iam:ListRoles")


def test_the_root_user_is_known(root):
    who = root.client("sts").get_caller_identity()
    assert (who["Account"], who["UserId"]) == (root.account, root.account)
    assert who["Arn"] == f"arn:aws:iam::{root.account}:root"


def test_a_user_without_policies_may_ask_who_it_is(root):
    user = root.user()
    who = user.client("sts").get_caller_identity()
    assert who["Arn"] == user.arn
    assert who["UserId"].startswith("AIDA")


def test_even_a_user_who_is_denied_everything_may_ask(root):
    user = root.user(deny("*"))
    assert user.client("sts").get_caller_identity()["Arn"] == user.arn


def test_a_role_session_has_the_roles_rights(admin):
    role = admin.role(LIST_USERS)
    keys = admin.assume(role, "etl")
    assert keys.id.startswith("ASIA")
    assert keys.arn == role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/etl"
    assert keys.client("sts").get_caller_identity()["Arn"] == keys.arn
    assert keys.client("iam").list_users()["Users"]
    with denied_xml(keys, "iam:ListGroups", f"arn:aws:iam::{admin.account}:group/"):
        keys.client("iam").list_groups()


def test_the_root_user_cannot_assume_a_role(root):
    role = root.role(LIST_USERS)
    with refused("AccessDenied", status=403):
        root.assume(role)


def test_assuming_needs_both_the_trust_and_the_right(root, admin):
    closed = root.role(trusts=trust(service="glue.amazonaws.com"))
    with refused("AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: " + closed, 403):
        admin.assume(closed)
    open_to_account = root.role()
    with refused("AccessDenied", "sts:AssumeRole", 403):
        root.user().assume(open_to_account)
    helpful = root.user(allow("sts:AssumeRole", on=open_to_account))
    assert helpful.assume(open_to_account).token


def test_a_role_that_names_the_user_needs_no_right_of_the_user(root):
    user = root.user()
    assert user.assume(root.role(trusts=trust(user.arn))).token


def test_a_missing_role_reads_like_one_that_does_not_trust(admin):
    arn = f"arn:aws:iam::{admin.account}:role/nobody"
    with refused("AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: " + arn, 403):
        admin.assume(arn)


def test_a_session_policy_only_takes_away(admin):
    role = admin.role(LIST_USERS)
    keys = admin.assume(role, Policy=document(allow("iam:ListUsers", "iam:ListGroups")))
    assert keys.client("iam").list_users()["Users"]
    with denied_xml(keys, "iam:ListRoles", why="because no session policy allows the iam:ListRoles action"):
        keys.client("iam").list_roles()
    with refused("AccessDenied", "iam:ListGroups"):  # the session policy adds nothing
        keys.client("iam").list_groups()


def test_session_policies_by_arn(admin):
    iam = admin.client("iam")
    only_users = iam.create_policy(PolicyName="only-users", PolicyDocument=document(allow("iam:ListUsers")))["Policy"]["Arn"]
    keys = admin.assume(admin.role(LIST_USERS), PolicyArns=[{"arn": only_users}])
    assert keys.client("iam").list_users()["Users"]
    with refused("AccessDenied", "iam:ListRoles"):
        keys.client("iam").list_roles()


def test_a_malformed_session_policy_is_refused(admin):
    role = admin.role(LIST_USERS)
    with refused("MalformedPolicyDocument", status=400):
        admin.assume(role, Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps"}]}')
    with refused("MalformedPolicyDocument", status=400):
        admin.assume(role, Policy="{not json")


def test_session_tags_decide(admin):
    role = admin.role(allow("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))
    blue = admin.assume(role, Tags=[{"Key": "team", "Value": "blue"}])
    red = admin.assume(role, Tags=[{"Key": "team", "Value": "red"}])
    assert blue.client("iam").list_users()["Users"]
    with refused("AccessDenied"):
        red.client("iam").list_users()


def test_tagging_a_session_needs_the_right_in_the_trust_policy(admin):
    plain = document({"Effect": "Allow", "Principal": {"AWS": admin.account}, "Action": "sts:AssumeRole"})
    role = admin.role(LIST_USERS, trusts=plain)
    assert admin.assume(role).token
    with refused("AccessDenied", "sts:TagSession"):
        admin.assume(role, Tags=[{"Key": "team", "Value": "blue"}])


def test_the_external_id_must_match(admin):
    role = admin.role(LIST_USERS, trusts=trust(admin.account, Condition={"StringEquals": {"sts:ExternalId": "s3cret"}}))
    assert admin.assume(role, ExternalId="s3cret").token
    for wrong in ({}, {"ExternalId": "S3CRET"}):
        with refused("AccessDenied", "sts:AssumeRole"):
            admin.assume(role, **wrong)


def test_source_identity_is_kept_through_a_chain(admin):
    seen = allow("iam:ListUsers", Condition={"StringEquals": {"aws:SourceIdentity": "dana"}})
    second = admin.role(seen)
    first = admin.role(allow("sts:AssumeRole", "sts:SetSourceIdentity", on=second))
    keys = admin.assume(first, SourceIdentity="dana").assume(second)
    assert keys.client("iam").list_users()["Users"]


def test_chained_sessions_last_an_hour_at_most(admin):
    second = admin.role(LIST_USERS, MaxSessionDuration=43200)
    first = admin.role(allow("sts:AssumeRole", on=second))
    keys = admin.assume(first)
    assert keys.assume(second, DurationSeconds=3600).token
    with refused("ValidationError", "role chaining", 400):
        keys.assume(second, DurationSeconds=3601)


def test_a_session_lasts_as_long_as_asked(admin):
    role = admin.role(LIST_USERS, MaxSessionDuration=7200)
    sts = admin.client("sts")
    ends = sts.assume_role(RoleArn=role, RoleSessionName="etl", DurationSeconds=900)["Credentials"]["Expiration"]
    left = (ends - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 880 < left <= 900
    unchecked = admin.client("sts", config=Config(parameter_validation=False))
    with refused("ValidationError", "MaxSessionDuration", 400):
        sts.assume_role(RoleArn=role, RoleSessionName="etl", DurationSeconds=7201)
    with refused("ValidationError", status=400):
        unchecked.assume_role(RoleArn=role, RoleSessionName="etl", DurationSeconds=899)


def test_get_session_token(root):
    user = root.user(LIST_USERS, allow("glue:GetDatabases"))
    keys = user.with_session(user.client("sts").get_session_token(DurationSeconds=900))
    assert keys.client("sts").get_caller_identity()["Arn"] == user.arn
    with refused("AccessDenied", status=403):  # AWS: no IAM call without MFA
        keys.client("iam").list_users()
    with refused("AccessDenied", status=403):  # nor any of STS but AssumeRole and GetCallerIdentity
        keys.client("sts").get_session_token()


def test_a_session_may_not_ask_for_another(admin):
    keys = admin.assume(admin.role(allow("*")))
    with refused("AccessDenied", status=403):
        keys.client("sts").get_session_token()


def test_tokens_belong_to_their_key(admin):
    one, other = admin.assume(admin.role(LIST_USERS)), admin.assume(admin.role(LIST_USERS))
    swapped = dataclasses.replace(one, token=other.token)
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
        swapped.client("sts").get_caller_identity()
    bare = dataclasses.replace(one, token=None)
    with refused("InvalidClientTokenId", status=403):
        bare.client("sts").get_caller_identity()
    with refused("UnrecognizedClientException", "The security token included in the request is invalid.", 400):
        swapped.client("glue").get_databases()
    stray = dataclasses.replace(admin, token=one.token)
    with refused("InvalidClientTokenId", status=403):
        stray.client("sts").get_caller_identity()


@pytest.mark.parametrize("spoil", [lambda t: t[:-4], lambda t: t + "AAAA", lambda t: "x" + t[1:], lambda t: "x"], ids=["cut", "longer", "changed", "short"])
def test_a_spoilt_token_is_refused(admin, spoil):
    keys = admin.assume(admin.role(LIST_USERS))
    with refused("InvalidClientTokenId", status=403):
        dataclasses.replace(keys, token=spoil(keys.token)).client("sts").get_caller_identity()


def test_deleting_a_role_ends_its_sessions(admin):
    role = admin.role(LIST_USERS, name="short-lived")
    keys = admin.assume(role)
    assert keys.client("iam").list_users()["Users"]
    iam = admin.client("iam")
    iam.delete_role_policy(RoleName="short-lived", PolicyName="inline")
    iam.delete_role(RoleName="short-lived")
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
        keys.client("iam").list_users()


def test_a_changed_policy_acts_at_once_on_a_running_session(admin):
    role = admin.role(LIST_USERS, name="changing")
    keys = admin.assume(role)
    assert keys.client("iam").list_users()["Users"]
    admin.client("iam").put_role_policy(RoleName="changing", PolicyName="inline", PolicyDocument=document(deny("*")))
    with denied_xml(keys, "iam:ListUsers", f"arn:aws:iam::{keys.account}:user/", "with an explicit deny in an identity-based policy"):
        keys.client("iam").list_users()


def test_sessions_issued_before_can_be_revoked(admin):
    """The console's "revoke sessions": a Deny on tokens older than now."""
    role = admin.role(LIST_USERS, name="revoked")
    keys = admin.assume(role)
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    revoke = deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": later}})
    admin.client("iam").put_role_policy(RoleName="revoked", PolicyName="AWSRevokeOlderSessions", PolicyDocument=document(revoke))
    with refused("AccessDenied", "explicit deny"):
        keys.client("iam").list_users()


def test_what_is_not_built_is_refused_by_name(admin):
    with refused("UnsupportedOperationException", "bindery does not support sts:", 400):
        admin.client("sts").get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
