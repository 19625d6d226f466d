"""IAM through boto3: users, groups, roles, keys and policies, and what they decide."""

import json
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from identity import allow, deny, document, trust
from refusal import denied_xml, refused

LIST = allow("iam:ListUsers")


@pytest.fixture(scope="module")
def iam(root):
    return root.client("iam")


def test_life_of_a_user(iam, root):
    made = iam.create_user(UserName="dana", Path="/data/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{root.account}:user/data/dana"
    assert made["UserId"].startswith("AIDA")
    got = iam.get_user(UserName="dana")["User"]
    assert (got["Path"], got["CreateDate"], got["Tags"]) == ("/data/", made["CreateDate"], [{"Key": "team", "Value": "blue"}])
    with refused("EntityAlreadyExists", status=409):
        iam.create_user(UserName="dana")
    iam.update_user(UserName="dana", NewUserName="dana2", NewPath="/")
    assert iam.get_user(UserName="dana2")["User"]["UserId"] == made["UserId"]
    with refused("NoSuchEntity", "dana", 404):
        iam.get_user(UserName="dana")
    iam.delete_user(UserName="dana2")
    with refused("NoSuchEntity", status=404):
        iam.delete_user(UserName="dana2")


def test_names_differ_only_by_case_are_one_name(iam):
    iam.create_user(UserName="Case")
    with refused("EntityAlreadyExists", status=409):
        iam.create_user(UserName="cASE")


def test_a_user_with_belongings_is_not_deleted(iam, root):
    root.user(LIST, name="owner")
    with refused("DeleteConflict", status=409):
        iam.delete_user(UserName="owner")
    for key in iam.list_access_keys(UserName="owner")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="owner", AccessKeyId=key["AccessKeyId"])
    with refused("DeleteConflict", status=409):
        iam.delete_user(UserName="owner")
    iam.delete_user_policy(UserName="owner", PolicyName="inline")
    iam.delete_user(UserName="owner")


def test_listing_in_pages(iam):
    names = [f"page-{n:03}" for n in range(25)]
    for name in names:
        iam.create_user(UserName=name, Path="/paged/")
    pages = iam.get_paginator("list_users").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 10})
    found = [[u["UserName"] for u in page["Users"]] for page in pages]
    assert [len(page) for page in found] == [10, 10, 5]
    assert sum(found, []) == names


def test_waiters(iam, root):
    iam.create_role(RoleName="awaited", AssumeRolePolicyDocument=trust(root.account))
    iam.get_waiter("role_exists").wait(RoleName="awaited", WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    iam.get_waiter("user_exists").wait(UserName=_user(iam, "awaited"), WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def _user(iam, name):
    return iam.create_user(UserName=name)["User"]["UserName"]


def test_groups_give_rights_to_members(iam, root):
    user = root.user(name="member")
    with denied_xml(user, "iam:ListUsers", f"arn:aws:iam::{root.account}:user/"):
        user.client("iam").list_users()
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="list", PolicyDocument=document(LIST))
    iam.add_user_to_group(GroupName="readers", UserName="member")
    assert user.client("iam").list_users()["Users"]
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="member")["Groups"]] == ["readers"]
    assert [u["UserName"] for u in iam.get_group(GroupName="readers")["Users"]] == ["member"]
    with refused("DeleteConflict", status=409):
        iam.delete_group(GroupName="readers")
    iam.remove_user_from_group(GroupName="readers", UserName="member")
    with refused("AccessDenied"):
        user.client("iam").list_users()


def test_managed_policies_have_versions(iam, root):
    user = root.user(name="versioned")
    arn = iam.create_policy(PolicyName="v", PolicyDocument=document(LIST), Description="d")["Policy"]["Arn"]
    assert arn == f"arn:aws:iam::{root.account}:policy/v"
    iam.attach_user_policy(UserName="versioned", PolicyArn=arn)
    assert user.client("iam").list_users()["Users"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(deny("*")), SetAsDefault=True)
    with refused("AccessDenied", "explicit deny"):
        user.client("iam").list_users()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert user.client("iam").list_users()["Users"]
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert {v["VersionId"]: v["IsDefaultVersion"] for v in versions} == {"v1": True, "v2": False}
    with refused("DeleteConflict", status=409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1


def test_five_versions_of_a_policy_at_most(iam):
    arn = iam.create_policy(PolicyName="five", PolicyDocument=document(LIST))["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(LIST))
    with refused("LimitExceeded", status=409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(LIST))
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(LIST))["PolicyVersion"]["VersionId"] == "v6"


def test_policies_come_back_as_they_were_written(iam, root):
    text = '{ "Version": "2012-10-17",\n  "Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*", "Sid": "Ünicode"} }'.replace("Ü", "U")
    root.user(name="written")
    iam.put_user_policy(UserName="written", PolicyName="p", PolicyDocument=text)
    assert iam.get_user_policy(UserName="written", PolicyName="p")["PolicyDocument"] == json.loads(text)
    assert iam.list_user_policies(UserName="written")["PolicyNames"] == ["p"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"Version":"2012-10-17"}',
        '{"Version":"2013-01-01","Statement":[]}',
        document({"Effect": "Allow", "Action": "iam:ListUsers"}),
        document({"Effect": "Maybe", "Action": "*", "Resource": "*"}),
        document({**allow("iam:*"), "Principal": "*"}),
        document(allow("ListUsers")),
        document(allow("*", Condition={"StringEqual": {"aws:username": "x"}})),
        '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    ],
    ids=["syntax", "no statement", "version", "no resource", "effect", "principal", "no service", "unknown operator", "duplicate key"],
)
def test_a_malformed_policy_is_refused(iam, text):
    with refused("MalformedPolicyDocument", status=400):
        iam.create_policy(PolicyName="bad", PolicyDocument=text)


def test_life_of_an_access_key(iam, root):
    keys = root.user(LIST, name="keyed")
    iam.create_access_key(UserName="keyed")
    with refused("LimitExceeded", status=409):
        iam.create_access_key(UserName="keyed")
    assert keys.client("iam").list_users()["Users"]
    iam.update_access_key(UserName="keyed", AccessKeyId=keys.id, Status="Inactive")
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
        keys.client("iam").list_users()
    iam.update_access_key(UserName="keyed", AccessKeyId=keys.id, Status="Active")
    assert keys.client("iam").list_users()["Users"]
    iam.delete_access_key(UserName="keyed", AccessKeyId=keys.id)
    with refused("InvalidClientTokenId", status=403):
        keys.client("iam").list_users()
    assert keys.id not in str(iam.list_access_keys(UserName="keyed"))


def test_boundaries_limit_and_cannot_be_shed(iam, root):
    edge = iam.create_policy(PolicyName="edge", PolicyDocument=document(allow("iam:*"), deny("iam:DeleteUserPermissionsBoundary")))
    edge = edge["Policy"]["Arn"]
    bound = root.user(allow("*"), name="bound", boundary=edge)
    assert bound.client("iam").list_users()["Users"]
    with refused("AccessDeniedException", "because no permissions boundary allows the glue:GetDatabases action"):
        bound.client("glue").get_databases()
    with refused("AccessDenied", "with an explicit deny in a permissions boundary"):
        bound.client("iam").delete_user_permissions_boundary(UserName="bound")
    assert iam.get_user(UserName="bound")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == edge
    iam.delete_user_permissions_boundary(UserName="bound")
    with refused("UnsupportedOperationException"):
        bound.client("glue").get_ml_transforms()


def test_role_life_and_trust_updates(iam, root, admin):
    role = iam.create_role(RoleName="life", AssumeRolePolicyDocument=trust(service="glue.amazonaws.com"), Description="d", MaxSessionDuration=7200)["Role"]
    assert role["RoleId"].startswith("AROA")
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "glue.amazonaws.com"}
    with refused("AccessDenied"):
        admin.assume(role["Arn"])
    iam.update_assume_role_policy(RoleName="life", PolicyDocument=trust(root.account))
    assert admin.assume(role["Arn"]).token
    with refused("MalformedPolicyDocument", status=400):
        iam.update_assume_role_policy(RoleName="life", PolicyDocument=document(allow("sts:AssumeRole")))
    iam.attach_role_policy(RoleName="life", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole")
    attached = iam.list_attached_role_policies(RoleName="life")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSGlueServiceRole", "PolicyArn": "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"}]
    with refused("DeleteConflict", status=409):
        iam.delete_role(RoleName="life")
    iam.detach_role_policy(RoleName="life", PolicyArn=attached[0]["PolicyArn"])
    iam.delete_role(RoleName="life")


def test_the_aws_managed_policies_are_there(iam):
    for name in ("AdministratorAccess", "AmazonAthenaFullAccess", "AWSGlueConsoleFullAccess", "service-role/AWSGlueServiceRole"):
        policy = iam.get_policy(PolicyArn=f"arn:aws:iam::aws:policy/{name}")["Policy"]
        body = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]
        assert body["Statement"]
    with pytest.raises(ClientError):
        iam.create_policy_version(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess", PolicyDocument=document(LIST), SetAsDefault=True)
    assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")["Policy"]["DefaultVersionId"] == "v1"


def test_tags_and_tag_conditions(iam, root):
    iam.create_user(UserName="tagged")
    iam.tag_user(UserName="tagged", Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "x", "Value": ""}])
    iam.untag_user(UserName="tagged", TagKeys=["x"])
    assert iam.list_user_tags(UserName="tagged")["Tags"] == [{"Key": "Team", "Value": "blue"}]
    may = root.user(allow("iam:GetUser", Condition={"StringEquals": {"aws:ResourceTag/Team": "blue"}}))
    assert may.client("iam").get_user(UserName="tagged")["User"]["UserName"] == "tagged"
    with refused("AccessDenied", "iam:GetUser"):
        may.client("iam").get_user(UserName="awaited")


def test_policy_variables(iam, root):
    own = f"arn:aws:iam::{root.account}:user/${{aws:username}}"
    user = root.user(allow("iam:GetUser", "iam:ListAccessKeys", on=own), name="self")
    assert user.client("iam").get_user()["User"]["UserName"] == "self"
    assert user.client("iam").list_access_keys(UserName="self")["AccessKeyMetadata"]
    with denied_xml(user, "iam:GetUser", f"arn:aws:iam::{root.account}:user/tagged"):
        user.client("iam").get_user(UserName="tagged")


def test_a_stranger_cannot_tell_what_exists(iam, root):
    """The same answer, but for the name, for what exists and what does not."""
    nobody = root.user()

    def answer(name):
        with refused("AccessDenied", status=403) as caught:
            nobody.client("iam").get_role(RoleName=name)
        return caught.value.response["Error"]["Message"].replace(name, "NAME")

    root.role(name="existing")
    assert answer("existing") == answer("missing")


ESCALATIONS = {
    "create_access_key": {"UserName": "admin"},
    "attach_user_policy": {"UserName": "climber", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "attach_role_policy": {"RoleName": "existing", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "attach_group_policy": {"GroupName": "Administrators", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "put_user_policy": {"UserName": "climber", "PolicyName": "p", "PolicyDocument": document(allow("*"))},
    "put_role_policy": {"RoleName": "existing", "PolicyName": "p", "PolicyDocument": document(allow("*"))},
    "put_group_policy": {"GroupName": "Administrators", "PolicyName": "p", "PolicyDocument": document(allow("*"))},
    "add_user_to_group": {"UserName": "climber", "GroupName": "Administrators"},
    "update_assume_role_policy": {"RoleName": "existing", "PolicyDocument": trust("*")},
    "create_policy_version": {"PolicyArn": "POLICY", "PolicyDocument": document(allow("*")), "SetAsDefault": True},
    "set_default_policy_version": {"PolicyArn": "POLICY", "VersionId": "v1"},
    "update_access_key": {"UserName": "admin", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active"},
    "delete_user_permissions_boundary": {"UserName": "climber"},
    "put_user_permissions_boundary": {"UserName": "climber", "PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "create_user": {"UserName": "another"},
    "create_role": {"RoleName": "another", "AssumeRolePolicyDocument": trust("*")},
}


@pytest.fixture(scope="module")
def climber(root, admin):
    """A user who may do everything that reads."""
    return root.user(allow("iam:Get*", "iam:List*", "iam:Simulate*", "glue:*", "s3:*"), name="climber")


@pytest.mark.parametrize("operation", ESCALATIONS)
def test_known_ways_up_need_exactly_their_action(operation, climber, root):
    action = "iam:" + "".join(word.capitalize() for word in operation.split("_"))
    arn = f"arn:aws:iam::{root.account}:policy/edge"
    given = {k: arn if v == "POLICY" else v for k, v in ESCALATIONS[operation].items()}
    with refused("AccessDenied", f"is not authorized to perform: {action} on resource: arn:aws:iam::{root.account}:", 403):
        getattr(climber.client("iam"), operation)(**given)


def test_simulation_agrees_with_what_happens(iam, climber):
    answer = iam.simulate_principal_policy(PolicySourceArn=climber.arn, ActionNames=["iam:ListUsers", "iam:CreateUser"])
    decisions = {r["EvalActionName"]: r["EvalDecision"] for r in answer["EvaluationResults"]}
    assert decisions == {"iam:ListUsers": "allowed", "iam:CreateUser": "implicitDeny"}


def test_a_custom_policy_is_simulated(iam, root):
    answer = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("glue:Get*"), deny("glue:GetTable", on="arn:aws:glue:*:*:table/d/secret"))], ActionNames=["glue:GetTable"],
        ResourceArns=[f"arn:aws:glue:us-east-1:{root.account}:table/d/{name}" for name in ("open", "secret")],
    )
    found = {r["EvalResourceName"]: r["EvalDecision"] for r in answer["EvaluationResults"]}
    assert list(found.values()) == ["allowed", "explicitDeny"]


def test_a_refusal_can_be_explained(server, climber):
    with refused("AccessDenied") as caught:
        climber.client("iam").create_user(UserName="another")
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    told = server.command("iam", "why", request, "--data", str(server.folder)).stdout
    assert "iam:CreateUser" in told and climber.arn in told
    assert '"iam:CreateUser"' in told.split("missing", 1)[1], told


def test_revoked_keys_stop_within_a_second(iam, root):
    """hardening.md class 9: the bar is one second after the call returned."""
    keys = root.user(LIST, name="leaver")
    ask = keys.client("iam").list_users
    ask()
    iam.delete_access_key(UserName="leaver", AccessKeyId=keys.id)
    began = time.monotonic()
    with refused("InvalidClientTokenId"):
        ask()
    assert time.monotonic() - began < 1


def test_input_is_checked_as_the_model_says(root):
    iam = root.client("iam", config=Config(parameter_validation=False))
    with refused("ValidationError", "at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1", 400):
        iam.create_user(UserName="")
    with refused("ValidationError", status=400):
        iam.create_user(UserName="not/a/name")
    with refused("ValidationError", status=400):
        iam.create_role(RoleName="r")


def test_operations_without_input_are_refused_by_name(iam):
    with refused("UnsupportedOperationException", "bindery does not support iam:", 400):
        iam.get_outbound_web_identity_federation_info()


def test_what_is_not_built_is_refused_by_name(iam):
    with refused("UnsupportedOperationException", "bindery does not support iam:ListServerCertificates yet.", 400):
        iam.list_server_certificates()
