"""Secrets Manager as boto3 uses it: values and their labels, who may read them, and under which key."""

import dataclasses
import itertools
import json
import re
import uuid

import pytest

from identity import allow, deny, document
from refusal import denied, refused

_names = itertools.count(1)
MISSING = "Secrets Manager can't find the specified secret."
NO_KMS = "Access to KMS is not allowed"


@pytest.fixture(scope="module")
def admin(server):
    keys = server.admin()
    return dataclasses.replace(keys, arn=keys.client("sts").get_caller_identity()["Arn"])


@pytest.fixture(scope="module")
def secrets(admin):
    return admin.client("secretsmanager")


def new_secret(secrets, text="v1", **more):
    return secrets.create_secret(Name=f"team/secret-{next(_names)}", SecretString=text, **more)


def text_of(secrets, secret, **more):
    return secrets.get_secret_value(SecretId=secret, **more)["SecretString"]


# Values and labels


def test_a_secret_by_each_of_its_names(admin, secrets):
    made = new_secret(secrets, Description="of the tests", Tags=[{"Key": "team", "Value": "a"}])
    assert re.fullmatch(rf"arn:aws:secretsmanager:us-east-1:{admin.account}:secret:{made['Name']}-[A-Za-z0-9]{{6}}", made["ARN"])
    for name in (made["Name"], made["ARN"], made["ARN"][:-7]):
        got = secrets.get_secret_value(SecretId=name)
        assert (got["SecretString"], got["VersionId"], got["VersionStages"]) == ("v1", made["VersionId"], ["AWSCURRENT"])
    found = secrets.describe_secret(SecretId=made["Name"])
    assert found["Description"] == "of the tests" and found["Tags"] == [{"Key": "team", "Value": "a"}] and "KmsKeyId" not in found
    assert found["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    with refused("ResourceNotFoundException", MISSING):
        secrets.get_secret_value(SecretId="team/none")
    with refused("ResourceExistsException"):
        secrets.create_secret(Name=made["Name"], SecretString="v1")
    with refused("ValidationException", "Invalid name."):
        secrets.create_secret(Name="with space")
    binary = secrets.create_secret(Name=f"binary-{next(_names)}", SecretBinary=b"\0\xff")["ARN"]
    assert secrets.get_secret_value(SecretId=binary)["SecretBinary"] == b"\0\xff"


def test_labels_move(secrets):
    made = new_secret(secrets)
    arn, first = made["ARN"], made["VersionId"]
    second = secrets.put_secret_value(SecretId=arn, SecretString="v2")["VersionId"]
    assert text_of(secrets, arn) == "v2" and text_of(secrets, arn, VersionStage="AWSPREVIOUS") == "v1"
    third = secrets.put_secret_value(SecretId=arn, SecretString="v3", VersionStages=["AWSPENDING"])["VersionId"]
    assert text_of(secrets, arn) == "v2" and text_of(secrets, arn, VersionStage="AWSPENDING") == "v3"
    with refused("InvalidParameterException", f"currently attached to version {second}"):
        secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=third)
    with refused("InvalidParameterException", "can't be completely removed"):
        secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", RemoveFromVersionId=second)
    secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=third, RemoveFromVersionId=second)
    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert stages == {third: ["AWSCURRENT", "AWSPENDING"], second: ["AWSPREVIOUS"]}
    assert text_of(secrets, arn, VersionId=first) == "v1"
    assert [v["VersionId"] for v in secrets.list_secret_version_ids(SecretId=arn)["Versions"]] == sorted([second, third])
    assert len(secrets.list_secret_version_ids(SecretId=arn, IncludeDeprecated=True)["Versions"]) == 3
    with refused("ResourceNotFoundException", "staging label: mine"):
        secrets.get_secret_value(SecretId=arn, VersionStage="mine")
    fourth = secrets.update_secret(SecretId=arn, SecretString="v4", Description="d")["VersionId"]
    assert secrets.describe_secret(SecretId=arn)["VersionIdsToStages"][fourth] == ["AWSCURRENT"]
    assert "VersionId" not in secrets.update_secret(SecretId=arn, Description="e")


def test_a_token_is_used_once(secrets):
    token, name = str(uuid.uuid4()), f"once-{next(_names)}"
    first = secrets.create_secret(Name=name, SecretString="a", ClientRequestToken=token)
    again = secrets.create_secret(Name=name, SecretString="a", ClientRequestToken=token)
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], token)
    with refused("ResourceExistsException"):
        secrets.create_secret(Name=name, SecretString="b", ClientRequestToken=token)
    later = str(uuid.uuid4())
    for put in (secrets.put_secret_value, secrets.update_secret):
        for _ in range(2):
            assert put(SecretId=name, SecretString="b", ClientRequestToken=later)["VersionId"] == later
        with refused("ResourceExistsException", f"You can't use ClientRequestToken {later}"):
            put(SecretId=name, SecretString="c", ClientRequestToken=later)
    assert len(secrets.describe_secret(SecretId=name)["VersionIdsToStages"]) == 2


def test_deletion_and_recovery(secrets):
    made = new_secret(secrets)
    for wrong in ({"RecoveryWindowInDays": 6}, {"RecoveryWindowInDays": 31}, {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}):
        with refused("InvalidParameterException"):
            secrets.delete_secret(SecretId=made["ARN"], **wrong)
    assert secrets.delete_secret(SecretId=made["ARN"], RecoveryWindowInDays=7)["ARN"] == made["ARN"]
    marked = "You can't perform this operation on the secret because it was marked for deletion."
    with refused("InvalidRequestException", marked):
        secrets.get_secret_value(SecretId=made["ARN"])
    with refused("InvalidRequestException", marked):
        secrets.put_secret_value(SecretId=made["ARN"], SecretString="x")
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name=made["Name"], SecretString="x")
    assert "DeletedDate" in secrets.describe_secret(SecretId=made["ARN"])
    names = lambda **more: [s["Name"] for p in secrets.get_paginator("list_secrets").paginate(**more) for s in p["SecretList"]]
    assert made["Name"] not in names() and made["Name"] in names(IncludePlannedDeletion=True)
    secrets.restore_secret(SecretId=made["ARN"])
    assert text_of(secrets, made["ARN"]) == "v1"
    secrets.delete_secret(SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException", MISSING):
        secrets.describe_secret(SecretId=made["ARN"])
    assert secrets.create_secret(Name=made["Name"], SecretString="x")["ARN"] != made["ARN"]


def test_lists(admin, secrets):
    made = [secrets.create_secret(Name=f"list/{n}", SecretString=n, Description=d, Tags=[{"Key": "kind", "Value": n}])["ARN"]
            for n, d in (("a", "Red apple"), ("b", "green pear"), ("c", "red cherry"))]
    pages = lambda **more: [s["ARN"] for p in secrets.get_paginator("list_secrets").paginate(**more) for s in p["SecretList"]]
    under = {"Key": "name", "Values": ["list/"]}
    for size in (1, 2, 100):
        assert pages(Filters=[under], SortBy="name", PaginationConfig={"PageSize": size}) == made
        assert pages(Filters=[under], SortBy="name", SortOrder="desc", PaginationConfig={"PageSize": size}) == made[::-1]
    for key, values, want in (
        ("description", ["RED"], [0, 2]), ("name", ["list/", "!list/b"], [0, 2]), ("tag-key", ["ki"], [0, 1, 2]),
        ("tag-value", ["b", "c"], [1, 2]), ("all", ["cherry pear"], [1, 2]), ("owning-service", ["x"], []),
    ):
        assert pages(Filters=[under, {"Key": key, "Values": values}], SortBy="name") == [made[i] for i in want], key
    with refused("InvalidNextTokenException"):
        secrets.list_secrets(NextToken="x")
    secrets.untag_resource(SecretId=made[0], TagKeys=["kind"])
    secrets.tag_resource(SecretId=made[0], Tags=[{"Key": "other", "Value": "z"}])
    assert secrets.describe_secret(SecretId=made[0])["Tags"] == [{"Key": "other", "Value": "z"}]
    reader = admin.user(allow("secretsmanager:BatchGetSecretValue"), allow("secretsmanager:GetSecretValue", on=made[1]), allow("kms:Decrypt"))
    got = reader.client("secretsmanager").batch_get_secret_value(SecretIdList=[made[0], made[1], "none"])
    assert [v["SecretString"] for v in got["SecretValues"]] == ["b"]
    assert [e["ErrorCode"] for e in got["Errors"]] == ["AccessDeniedException", "AccessDeniedException"]
    with denied(reader, "secretsmanager:ListSecrets", "*"):
        reader.client("secretsmanager").batch_get_secret_value(Filters=[under])
    found = secrets.batch_get_secret_value(Filters=[under], MaxResults=2)
    rest = secrets.batch_get_secret_value(Filters=[under], MaxResults=2, NextToken=found["NextToken"])
    assert sorted(v["SecretString"] for v in found["SecretValues"] + rest["SecretValues"]) == ["a", "b", "c"]


def test_passwords(secrets):
    made = {secrets.get_random_password()["RandomPassword"] for _ in range(20)}
    assert len(made) == 20
    for word in made:
        assert len(word) == 32 and all(re.search(kind, word) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"))
    digits = secrets.get_random_password(PasswordLength=50, ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True, ExcludeCharacters="0")
    assert re.fullmatch("[1-9]{50}", digits["RandomPassword"])
    with refused("InvalidParameterException"):
        secrets.get_random_password(PasswordLength=3)


# Who may


def operations(arn, version):
    s = {"SecretId": arn}
    return {
        "GetSecretValue": s, "PutSecretValue": {**s, "SecretString": "x"}, "UpdateSecret": {**s, "Description": "d"}, "DescribeSecret": s,
        "ListSecretVersionIds": s, "UpdateSecretVersionStage": {**s, "VersionStage": "mine", "MoveToVersionId": version},
        "TagResource": {**s, "Tags": [{"Key": "a", "Value": "1"}]}, "UntagResource": {**s, "TagKeys": ["a"]},
        "PutResourcePolicy": {**s, "ResourcePolicy": document({**allow("secretsmanager:DescribeSecret"), "Principal": {"AWS": arn.split(":")[4]}})},
        "GetResourcePolicy": s, "DeleteResourcePolicy": s, "DeleteSecret": s, "RestoreSecret": s,
        "ListSecrets": {}, "GetRandomPassword": {}, "BatchGetSecretValue": {"SecretIdList": [arn]},
    }


def test_each_operation_asks_for_its_action(admin, secrets):
    made, other = new_secret(secrets), new_secret(secrets)["ARN"]
    for name, given in operations(made["ARN"], made["VersionId"]).items():
        call = re.sub("([A-Z])", r"_\1", name).lower().lstrip("_")
        on = given.get("SecretId", "*")
        without = admin.user(allow("*"), deny(f"secretsmanager:{name}"))
        with refused("AccessDeniedException", f"secretsmanager:{name} on resource: {on} with an explicit deny"):
            getattr(without.client("secretsmanager"), call)(**given)
        elsewhere = admin.user(allow(f"secretsmanager:{name}", on=other))
        with denied(elsewhere, f"secretsmanager:{name}", on):
            getattr(elsewhere.client("secretsmanager"), call)(**given)
        exactly = admin.user(allow(f"secretsmanager:{name}", on=on))
        getattr(exactly.client("secretsmanager"), call)(**given)  # the managed key asks for no right of its own
    maker = admin.user(allow("secretsmanager:CreateSecret", on=f"arn:aws:secretsmanager:us-east-1:{admin.account}:secret:mine/*"))
    maker.client("secretsmanager").create_secret(Name="mine/a", SecretString="x")
    with denied(maker, "secretsmanager:CreateSecret"):
        maker.client("secretsmanager").create_secret(Name="yours/a", SecretString="x")
    with denied(maker, "secretsmanager:TagResource"):
        maker.client("secretsmanager").create_secret(Name="mine/b", SecretString="x", Tags=[{"Key": "a", "Value": "1"}])


def test_tags_and_stages_decide(admin, secrets):
    made = new_secret(secrets, Tags=[{"Key": "team", "Value": "a"}])["ARN"]
    secrets.put_secret_value(SecretId=made, SecretString="v2")
    for condition, may in (
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, True), ({"StringEquals": {"aws:ResourceTag/team": "b"}}, False),
        ({"StringEquals": {"secretsmanager:ResourceTag/team": "a"}}, True), ({"StringEquals": {"secretsmanager:VersionStage": "AWSPREVIOUS"}}, True),
        ({"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}, False), ({"StringEquals": {"secretsmanager:SecretId": made}}, True),
    ):
        user = admin.user(allow("secretsmanager:GetSecretValue", Condition=condition))
        read = lambda: text_of(user.client("secretsmanager"), made, VersionStage="AWSPREVIOUS")
        if may:
            assert read() == "v1"
            continue
        with denied(user, "secretsmanager:GetSecretValue", made):
            read()


def test_another_account(admin, second, secrets):
    """It needs the secret's policy, the key's policy, and its user's own; the managed key is never shared."""
    root = {"AWS": f"arn:aws:iam::{second.account}:root"}
    shared = document({**allow("secretsmanager:GetSecretValue"), "Principal": root})
    kms = admin.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=(key := kms.create_key()["KeyMetadata"]["Arn"]))["Policy"])
    kms.put_key_policy(KeyId=key, Policy=document(*policy["Statement"], {**allow("kms:Decrypt"), "Principal": root}))
    made, managed = new_secret(secrets, KmsKeyId=key)["ARN"], new_secret(secrets)["ARN"]
    reader = second.user(allow("secretsmanager:GetSecretValue", "kms:Decrypt"))
    with refused("AccessDeniedException", "because no resource-based policy allows"):
        text_of(reader.client("secretsmanager"), made)
    for secret in (made, managed):
        secrets.put_resource_policy(SecretId=secret, ResourcePolicy=shared)
    assert text_of(reader.client("secretsmanager"), made) == "v1"
    with refused("AccessDeniedException", NO_KMS):
        text_of(reader.client("secretsmanager"), managed)
    with refused("AccessDeniedException"):
        reader.client("secretsmanager").describe_secret(SecretId=made)
    with refused("AccessDeniedException"):
        text_of(second.user().client("secretsmanager"), made)
    assert json.loads(secrets.get_resource_policy(SecretId=made)["ResourcePolicy"]) == json.loads(shared)
    secrets.delete_resource_policy(SecretId=made)
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId=made)
    with refused("AccessDeniedException"):
        text_of(reader.client("secretsmanager"), made)


def test_resource_policies_are_checked(admin, secrets):
    made = new_secret(secrets)["ARN"]
    for bad in ("{", document(allow("secretsmanager:*")), document({**allow("*"), "Principal": {"AWS": "arn:aws:iam::999999999999:user/none"}})):
        with refused("MalformedPolicyDocumentException"):
            secrets.put_resource_policy(SecretId=made, ResourcePolicy=bad)
    public = document({**allow("secretsmanager:GetSecretValue"), "Principal": "*"})
    with refused("PublicPolicyException"):
        secrets.put_resource_policy(SecretId=made, ResourcePolicy=public, BlockPublicPolicy=True)
    user = admin.user(allow("secretsmanager:GetSecretValue"))
    secrets.put_resource_policy(SecretId=made, ResourcePolicy=document({**deny("secretsmanager:GetSecretValue"), "Principal": {"AWS": user.client("sts").get_caller_identity()["Arn"]}}))
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        text_of(user.client("secretsmanager"), made)


# Under which key


def test_the_key_decides_too(admin, secrets):
    kms = admin.client("kms")
    key, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    made = new_secret(secrets, KmsKeyId=key)["ARN"]
    assert secrets.describe_secret(SecretId=made)["KmsKeyId"] == key
    for rights in ((), ("kms:GenerateDataKey",), ("kms:Decrypt",), ("kms:GenerateDataKey", "kms:Decrypt")):
        client = admin.user(allow("secretsmanager:*"), *([allow(*rights, on=key)] if rights else [])).client("secretsmanager")
        if "kms:Decrypt" in rights:
            assert text_of(client, made) == "v1"
        else:
            with refused("AccessDeniedException", NO_KMS):
                text_of(client, made)
        for write in (lambda: client.put_secret_value(SecretId=made, SecretString="v1"), lambda: new_secret(client, KmsKeyId=key)):
            if len(rights) == 2:
                write()
                continue
            with refused("AccessDeniedException", NO_KMS):
                write()
    kms.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        text_of(secrets, made)
    with refused("EncryptionFailure"):
        secrets.put_secret_value(SecretId=made, SecretString="v2")
    with refused("EncryptionFailure"):
        new_secret(secrets, KmsKeyId="alias/none")
    kms.enable_key(KeyId=key)
    secrets.update_secret(SecretId=made, KmsKeyId=other)
    kms.disable_key(KeyId=key)
    assert text_of(secrets, made) == text_of(secrets, made, VersionStage="AWSPREVIOUS") == "v1"
    kms.disable_key(KeyId=other)
    with refused("DecryptionFailure"):
        text_of(secrets, made)


def test_what_is_not_built_is_refused_by_name(secrets):
    made = new_secret(secrets)["ARN"]
    for call, more in ((secrets.rotate_secret, {}), (secrets.cancel_rotate_secret, {}),
                       (secrets.replicate_secret_to_regions, {"AddReplicaRegions": [{"Region": "eu-west-1"}]})):
        with refused("UnsupportedOperationException", "bindery does not support"):
            call(SecretId=made, **more)
    with refused("UnsupportedOperationException", "replication"):
        new_secret(secrets, AddReplicaRegions=[{"Region": "eu-west-1"}])


def test_no_value_anywhere(server, secrets):
    """Neither the store nor the logs nor the audit trail holds a value, read, refused or made."""
    canary = uuid.uuid4().hex
    made = new_secret(secrets, canary)
    secrets.put_secret_value(SecretId=made["ARN"], SecretBinary=canary.encode())
    assert text_of(secrets, made["ARN"], VersionStage="AWSPREVIOUS") == canary
    with refused("ResourceExistsException"):
        secrets.create_secret(Name=made["Name"], SecretString=canary)
    assert secrets.batch_get_secret_value(SecretIdList=[made["ARN"]])["SecretValues"][0]["SecretBinary"] == canary.encode()
    word = secrets.get_random_password()["RandomPassword"]
    looked = 0
    for file in server.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            looked += 1
            assert canary.encode() not in content and word.encode() not in content, file
    assert looked > 5 and canary not in server.output() and word not in server.output()
