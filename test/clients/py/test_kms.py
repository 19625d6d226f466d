"""KMS as boto3 uses it: what keys do, who may use them, and how each refusal reads."""

import base64
import dataclasses
import hashlib
import hmac
import itertools
import json

import pytest

from identity import allow, deny, document
from refusal import denied, refused
from server import Server

CONTEXT = {"purpose": "test", "Stage": "dev"}
_names = itertools.count(1)


def named(keys):
    """The same keys, with the ARN of whose they are."""
    return dataclasses.replace(keys, arn=keys.client("sts").get_caller_identity()["Arn"])


@pytest.fixture(scope="module")
def admin(server):
    return named(server.admin())


@pytest.fixture(scope="module")
def root(server):
    return named(server.root())


@pytest.fixture(scope="module")
def kms(admin):
    return admin.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    return kms.create_key(Description="of the tests")["KeyMetadata"]


def statement(principal, *actions, effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": "*", **more}


def root_of(keys):
    return {"AWS": f"arn:aws:iam::{keys.account}:root"}


def new_key(keys, *statements, **more):
    policy = {"Policy": document(*statements)} if statements else {}
    return keys.client("kms").create_key(**policy, **more)["KeyMetadata"]["Arn"]


# What keys do


def test_a_key_describes_itself(kms, key):
    got = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert got == kms.describe_key(KeyId=key["Arn"])["KeyMetadata"] == key
    assert got["KeyState"] == "Enabled" and got["Enabled"] is True and got["KeyManager"] == "CUSTOMER"
    assert got["KeySpec"] == got["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT" and got["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert got["KeyId"] in [k["KeyId"] for p in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1}) for k in p["Keys"]]
    kms.update_key_description(KeyId=key["KeyId"], Description="changed")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == "changed"
    kms.update_key_description(KeyId=key["KeyId"], Description="of the tests")


def test_encrypt_and_decrypt(kms, key):
    blob = kms.encrypt(KeyId=key["Arn"], Plaintext=b"secret", EncryptionContext=CONTEXT)
    assert blob["KeyId"] == key["Arn"] and b"secret" not in blob["CiphertextBlob"]
    for more in ({}, {"KeyId": key["KeyId"]}, {"KeyId": key["Arn"], "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}):
        got = kms.decrypt(CiphertextBlob=blob["CiphertextBlob"], EncryptionContext=CONTEXT, **more)
        assert got["Plaintext"] == b"secret" and got["KeyId"] == key["Arn"] and got["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert len(kms.encrypt(KeyId=key["Arn"], Plaintext=b"x" * 4096)["CiphertextBlob"]) < 6144


def test_what_does_not_open(kms, key):
    blob = kms.encrypt(KeyId=key["Arn"], Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    for context in ({}, {"purpose": "test"}, {**CONTEXT, "more": "x"}, {**CONTEXT, "purpose": "Test"}, {"purpose": "test", "stage": "dev"}):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    flipped = [blob[:i] + bytes([blob[i] ^ 1]) + blob[i + 1:] for i in range(len(blob))]
    for bad in [blob[:-1], blob + b"\0", b"x", blob[:21], *flipped]:
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=bad, EncryptionContext=CONTEXT)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, KeyId=other)


def test_data_keys(kms, key):
    for more, size in (({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 100}, 100)):
        got = kms.generate_data_key(KeyId=key["Arn"], EncryptionContext=CONTEXT, **more)
        assert len(got["Plaintext"]) == size
        assert kms.decrypt(CiphertextBlob=got["CiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == got["Plaintext"]
        hidden = kms.generate_data_key_without_plaintext(KeyId=key["Arn"], **more)
        assert "Plaintext" not in hidden and len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == size
    for wrong in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 8}):
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            kms.generate_data_key(KeyId=key["Arn"], **wrong)
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_data_key_pairs(kms, key, spec):
    got = kms.generate_data_key_pair(KeyId=key["Arn"], KeyPairSpec=spec, EncryptionContext=CONTEXT)
    assert kms.decrypt(CiphertextBlob=got["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == got["PrivateKeyPlaintext"]
    hidden = kms.generate_data_key_pair_without_plaintext(KeyId=key["Arn"], KeyPairSpec=spec)
    assert "PrivateKeyPlaintext" not in hidden and hidden["PublicKey"]


def test_re_encrypt(kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key["Arn"], Plaintext=b"moves", EncryptionContext=CONTEXT)["CiphertextBlob"]
    got = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId=other, DestinationEncryptionContext={"n": "1"})
    assert (got["SourceKeyId"], got["KeyId"]) == (key["Arn"], other)
    assert kms.decrypt(CiphertextBlob=got["CiphertextBlob"], EncryptionContext={"n": "1"})["Plaintext"] == b"moves"
    with refused("InvalidCiphertextException"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    with refused("IncorrectKeyException"):
        kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=other, SourceEncryptionContext=CONTEXT, DestinationKeyId=other)


SIGNERS = [
    ("RSA_2048", ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_512"]), ("RSA_3072", ["RSASSA_PSS_SHA_384"]),
    ("ECC_NIST_P256", ["ECDSA_SHA_256"]), ("ECC_NIST_P384", ["ECDSA_SHA_384"]), ("ECC_NIST_P521", ["ECDSA_SHA_512"]),
]


@pytest.mark.parametrize("spec,algorithms", SIGNERS)
def test_sign_and_verify(kms, spec, algorithms):
    signer = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    public = kms.get_public_key(KeyId=signer)
    assert public["KeyUsage"] == "SIGN_VERIFY" and set(algorithms) <= set(public["SigningAlgorithms"]) and public["PublicKey"]
    for algorithm in algorithms:
        digest = hashlib.new("sha" + algorithm[-3:], b"message").digest()
        forms = ({"Message": b"message"}, {"Message": b"message", "MessageType": "RAW"}, {"Message": digest, "MessageType": "DIGEST"})
        signature = kms.sign(KeyId=signer, SigningAlgorithm=algorithm, **forms[0])["Signature"]
        for form in forms:
            assert kms.verify(KeyId=signer, SigningAlgorithm=algorithm, Signature=signature, **form)["SignatureValid"] is True
        for bad, message in ((signature[:-1] + bytes([signature[-1] ^ 1]), b"message"), (signature, b"massage"), (b"x", b"message")):
            with refused("KMSInvalidSignatureException"):
                kms.verify(KeyId=signer, SigningAlgorithm=algorithm, Signature=bad, Message=message)
        with refused("ValidationException", f"Digest is invalid length for algorithm {algorithm}."):
            kms.sign(KeyId=signer, SigningAlgorithm=algorithm, Message=b"short", MessageType="DIGEST")
    with refused("InvalidKeyUsageException", "key usage is SIGN_VERIFY which is not valid for Encrypt."):
        kms.encrypt(KeyId=signer, Plaintext=b"x")
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=signer, Message=b"x", SigningAlgorithm="ECDSA_SHA_256" if spec != "ECC_NIST_P256" else "ECDSA_SHA_512")


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_rsa_encryption(kms, algorithm):
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=rsa, Plaintext=b"secret", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    assert kms.decrypt(KeyId=rsa, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)["Plaintext"] == b"secret"
    with refused("InvalidCiphertextException"):
        kms.decrypt(KeyId=rsa, CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1]), EncryptionAlgorithm=algorithm)
    with refused("ValidationException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
    with refused("ValidationException"):
        kms.encrypt(KeyId=rsa, Plaintext=b"x", EncryptionAlgorithm=algorithm, EncryptionContext={"a": "b"})
    with refused("ValidationException"):
        kms.encrypt(KeyId=rsa, Plaintext=b"x" * 300, EncryptionAlgorithm=algorithm)
    with refused("InvalidKeyUsageException"):
        kms.generate_data_key(KeyId=rsa, KeySpec="AES_256")


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_codes(kms, bits):
    coder = kms.create_key(KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    algorithm = f"HMAC_SHA_{bits}"
    mac = kms.generate_mac(KeyId=coder, MacAlgorithm=algorithm, Message=b"message")["Mac"]
    assert len(mac) == bits // 8
    assert kms.verify_mac(KeyId=coder, MacAlgorithm=algorithm, Message=b"message", Mac=mac)["MacValid"] is True
    with refused("KMSInvalidMacException"):
        kms.verify_mac(KeyId=coder, MacAlgorithm=algorithm, Message=b"massage", Mac=mac)
    with refused("InvalidKeyUsageException"):
        kms.generate_mac(KeyId=coder, MacAlgorithm=f"HMAC_SHA_{224 if bits != 224 else 256}", Message=b"message")
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=coder)


# Names


def test_aliases(admin, kms, key):
    other = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key["KeyId"])
    arn = f"arn:aws:kms:us-east-1:{admin.account}:alias/mine"
    for ref in ("alias/mine", arn):
        blob = kms.encrypt(KeyId=ref, Plaintext=b"x")
        assert blob["KeyId"] == key["Arn"] == kms.describe_key(KeyId=ref)["KeyMetadata"]["Arn"]
    assert [a["AliasName"] for a in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]] == ["alias/mine"]
    kms.update_alias(AliasName="alias/mine", TargetKeyId=other["Arn"])
    assert kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["Arn"] == other["Arn"]
    with refused("IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=blob["CiphertextBlob"], KeyId="alias/mine")
    with refused("AlreadyExistsException", f"An alias with the name {arn} already exists"):
        kms.create_alias(AliasName="alias/mine", TargetKeyId=key["KeyId"])
    with refused("NotAuthorizedException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=key["KeyId"])
    with refused("ValidationException"):
        kms.create_alias(AliasName="mine", TargetKeyId=key["KeyId"])
    signer = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with refused("ValidationException"):
        kms.update_alias(AliasName="alias/mine", TargetKeyId=signer)
    every = [a["AliasName"] for p in kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 1}) for a in p["Aliases"]]
    assert every == sorted(every) and {"alias/mine", "alias/aws/s3", "alias/aws/glue"} <= set(every) and len(set(every)) == len(every)
    kms.delete_alias(AliasName="alias/mine")
    with refused("NotFoundException", f"Alias {arn} is not found."):
        kms.describe_key(KeyId="alias/mine")
    with refused("NotFoundException", f"Alias {arn} is not found."):
        kms.delete_alias(AliasName="alias/mine")


def test_what_is_not_there(admin, kms):
    missing = "12345678-1234-1234-1234-123456789012"
    with refused("NotFoundException", f"Key 'arn:aws:kms:us-east-1:{admin.account}:key/{missing}' does not exist"):
        kms.encrypt(KeyId=missing, Plaintext=b"x")
    with refused("NotFoundException", "Invalid keyId 'nonsense'"):
        kms.describe_key(KeyId="nonsense")
    with refused("NotFoundException", "Invalid arn eu-west-1"):
        kms.describe_key(KeyId=f"arn:aws:kms:eu-west-1:{admin.account}:key/{missing}")
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="nonsense")


def test_managed_keys(admin, kms):
    """They are made when they are first looked at, and work only through their service."""
    got = kms.describe_key(KeyId="alias/aws/glue")["KeyMetadata"]
    assert got["KeyManager"] == "AWS" and got["KeyState"] == "Enabled"
    assert kms.describe_key(KeyId="alias/aws/glue")["KeyMetadata"]["KeyId"] == got["KeyId"]
    entry, = [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == "alias/aws/glue"]
    assert entry["TargetKeyId"] == got["KeyId"]
    assert kms.get_key_rotation_status(KeyId=got["KeyId"])["KeyRotationEnabled"] is True
    policy = json.loads(kms.get_key_policy(KeyId=got["KeyId"])["Policy"])
    assert policy["Statement"][0]["Condition"]["StringEquals"]["kms:ViaService"] == "glue.us-east-1.amazonaws.com"
    no_policy = "because no resource-based policy allows the"
    with denied(admin, "kms:GenerateDataKey", got["Arn"], no_policy):
        kms.generate_data_key(KeyId="alias/aws/glue", KeySpec="AES_256")
    for action, call in {
        "kms:ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=got["KeyId"]),
        "kms:DisableKey": lambda: kms.disable_key(KeyId=got["KeyId"]),
        "kms:PutKeyPolicy": lambda: kms.put_key_policy(KeyId=got["KeyId"], Policy=document(statement(root_of(admin), "kms:*"))),
    }.items():
        with denied(admin, action, got["Arn"], no_policy):
            call()
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/aws/nothing")


# Life


def test_states(kms):
    key = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    uses = [
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x"), lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256"), lambda: kms.enable_key_rotation(KeyId=key["KeyId"]),
        lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key["KeyId"]),
    ]
    kms.disable_key(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    for use in uses:
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            use()
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    for days in (6, 31):
        with refused("ValidationException"):
            kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=days)
    got = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert got["KeyState"] == "PendingDeletion" and got["PendingWindowInDays"] == 7 and got["KeyId"] == key["Arn"]
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["DeletionDate"] == got["DeletionDate"]
    for use in [*uses, lambda: kms.disable_key(KeyId=key["KeyId"]), lambda: kms.schedule_key_deletion(KeyId=key["KeyId"]),
                lambda: kms.create_alias(AliasName="alias/late", TargetKeyId=key["KeyId"])]:
        with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            use()
    assert kms.cancel_key_deletion(KeyId=key["KeyId"])["KeyId"] == key["Arn"]
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    with refused("KMSInvalidStateException"):
        kms.cancel_key_deletion(KeyId=key["KeyId"])
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_rotation(kms):
    key = kms.create_key()["KeyMetadata"]
    ref = {"KeyId": key["KeyId"]}
    assert kms.get_key_rotation_status(**ref)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(**ref, RotationPeriodInDays=90)
    got = kms.get_key_rotation_status(**ref)
    assert got["KeyRotationEnabled"] is True and got["RotationPeriodInDays"] == 90 and got["NextRotationDate"]
    kms.disable_key_rotation(**ref)
    old = kms.encrypt(**ref, Plaintext=b"old")["CiphertextBlob"]
    kms.rotate_key_on_demand(**ref)
    new = kms.encrypt(**ref, Plaintext=b"new")["CiphertextBlob"]
    opened = [kms.decrypt(CiphertextBlob=blob) for blob in (old, new)]
    assert [o["Plaintext"] for o in opened] == [b"old", b"new"]
    assert opened[0]["KeyMaterialId"] == key["CurrentKeyMaterialId"] != opened[1]["KeyMaterialId"]
    rotation, = kms.list_key_rotations(**ref)["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND" and rotation["KeyMaterialId"] == opened[1]["KeyMaterialId"]
    every = kms.list_key_rotations(**ref, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [r["KeyMaterialState"] for r in every] == ["NON_CURRENT", "CURRENT"]
    signer = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=signer)
    assert kms.get_key_rotation_status(KeyId=signer)["KeyRotationEnabled"] is False


def test_tags(kms):
    key = kms.create_key(Tags=[{"TagKey": "b", "TagValue": "2"}])["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "3"}])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "3"}]
    kms.untag_resource(KeyId=key, TagKeys=["a", "c"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "b", "TagValue": "3"}]
    with refused("TagException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "aws:x", "TagValue": ""}])


def test_dry_runs(admin, kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    for call in (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True), lambda: kms.decrypt(CiphertextBlob=blob, DryRun=True),
        lambda: kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", DryRun=True),
        lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key["KeyId"], DryRun=True),
        lambda: kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=admin.arn, Operations=["Decrypt"], DryRun=True),
    ):
        with refused("DryRunOperationException"):
            call()
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
    nobody = admin.user()
    with denied(nobody, "kms:Encrypt", key["Arn"]):
        nobody.client("kms").encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)


def test_what_is_not_built_is_refused_by_name(kms):
    for more in ({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}, {"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "SIGN_VERIFY"},
                 {"MultiRegion": True}, {"Origin": "EXTERNAL"}):
        with refused("UnsupportedOperationException", "bindery does not support"):
            kms.create_key(**more)
    with refused("UnsupportedOperationException", "bindery does not support"):
        kms.describe_custom_key_stores()
    with refused("ValidationException"):
        kms.create_key(KeySpec="RSA_2048", KeyUsage="GENERATE_VERIFY_MAC")


# Who may: the key policy


def test_without_the_account_identity_policies_say_nothing(admin, root):
    """A policy that names one user: no administrator, no root user has anything."""
    owner = admin.user(allow("kms:*"))
    key = new_key(owner, statement({"AWS": owner.arn}, "kms:*"))
    owner.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    for who in (admin, root):
        with denied(who, "kms:Encrypt", key, "because no resource-based policy allows the"):
            who.client("kms").encrypt(KeyId=key, Plaintext=b"x")
        with refused("AccessDeniedException"):
            who.client("kms").describe_key(KeyId=key)


def test_a_user_named_by_the_policy_needs_no_other(admin):
    user = admin.user()
    key = new_key(admin, statement(root_of(admin), "kms:*"), statement({"AWS": user.arn}, "kms:Encrypt"))
    user.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    with denied(user, "kms:DescribeKey", key):
        user.client("kms").describe_key(KeyId=key)


def test_a_deny_of_the_policy_wins(admin):
    user = admin.user(allow("kms:*"))
    key = new_key(admin, statement(root_of(admin), "kms:*"), statement({"AWS": user.arn}, "kms:Decrypt", effect="Deny"))
    blob = user.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with denied(user, "kms:Decrypt", key, "with an explicit deny in a resource-based policy"):
        user.client("kms").decrypt(CiphertextBlob=blob)


def test_policies_are_checked(admin, kms, key):
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    got = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")
    assert f"arn:aws:iam::{admin.account}:root" in got["Policy"]
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key["KeyId"], PolicyName="other")
    nobody = statement({"AWS": f"arn:aws:iam::{admin.account}:user/nobody"}, "kms:*")
    for text, why in {
        "{}": "", document(nobody, statement(root_of(admin), "kms:*")): "Policy contains a statement with one or more invalid principals.",
        document(statement(root_of(admin), "kms:Get*")): "The new key policy will not allow you to update the key policy in the future.",
    }.items():
        with refused("MalformedPolicyDocumentException", why):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=text)
        with refused("MalformedPolicyDocumentException", why):
            kms.create_key(Policy=text)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=got["Policy"])
    kms.create_key(Policy=document(statement(root_of(admin), "kms:Get*", "kms:ScheduleKeyDeletion")), BypassPolicyLockoutSafetyCheck=True)


def test_another_account(admin, second):
    """Its root user is denied until the key policy names the account, and its users until their own policies do."""
    closed = new_key(admin)
    other = second.client("kms")
    with refused("AccessDeniedException", f"not authorized to perform: kms:Encrypt on resource: {closed}"):
        other.encrypt(KeyId=closed, Plaintext=b"x")
    open_ = new_key(admin, statement(root_of(admin), "kms:*"), statement(root_of(second), "kms:Encrypt", "kms:Decrypt", "kms:DisableKey"))
    blob = other.encrypt(KeyId=open_, Plaintext=b"x")["CiphertextBlob"]
    assert admin.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("AccessDeniedException"):
        other.disable_key(KeyId=open_)  # has no use across accounts
    with refused("AccessDeniedException"):
        other.describe_key(KeyId=open_)
    user = second.user()
    with denied(user, "kms:Decrypt", open_):
        user.client("kms").decrypt(CiphertextBlob=blob)
    may = second.user(allow("kms:Decrypt", on=open_))
    assert may.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert open_.split("/")[1] not in [k["KeyId"] for k in other.list_keys()["Keys"]]


def test_conditions(admin):
    key = new_key(admin)
    by_context = admin.user(allow("kms:*", on=key, Condition={"StringEquals": {"kms:EncryptionContext:purpose": "test"}}))
    client = by_context.client("kms")
    blob = client.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b"x"
    with denied(by_context, "kms:Encrypt", key):
        client.encrypt(KeyId=key, Plaintext=b"x")
    assert client.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId=key, DestinationEncryptionContext={"purpose": "test"})
    with denied(by_context, "kms:ReEncryptTo", key):
        client.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId=key)
    small = admin.user(allow("kms:CreateKey", Condition={"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}))
    small.client("kms").create_key()
    with denied(small, "kms:CreateKey", "*"):
        small.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    tagged = admin.user(allow("kms:Encrypt", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}))
    with denied(tagged, "kms:Encrypt", key):
        tagged.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    admin.client("kms").tag_resource(KeyId=key, Tags=[{"TagKey": "team", "TagValue": "a"}])
    tagged.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    through = admin.user(allow("kms:Encrypt", on=key, Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))
    with denied(through, "kms:Encrypt", key):
        through.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    named = f"alias/named-{next(_names)}"
    admin.client("kms").create_alias(AliasName=named, TargetKeyId=key)
    by_alias = admin.user(allow("kms:Encrypt", Condition={"StringEquals": {"kms:RequestAlias": named}}))
    by_alias.client("kms").encrypt(KeyId=named, Plaintext=b"x")
    with denied(by_alias, "kms:Encrypt", key):
        by_alias.client("kms").encrypt(KeyId=key, Plaintext=b"x")


# Who may: grants


def test_a_grant_gives_and_is_taken_back(admin, kms):
    key, user = new_key(admin), admin.user()
    with denied(user, "kms:Decrypt", key):
        user.client("kms").decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    asked = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Decrypt"], "Name": "one"}
    made = kms.create_grant(**asked)
    assert kms.create_grant(**asked)["GrantId"] == made["GrantId"]
    assert user.client("kms").decrypt(CiphertextBlob=blob, GrantTokens=[made["GrantToken"]])["Plaintext"] == b"x"
    with denied(user, "kms:Encrypt", key):
        user.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    entry, = kms.list_grants(KeyId=key)["Grants"]
    assert entry["KeyId"] == key and entry["GranteePrincipal"] == user.arn and entry["Operations"] == ["Decrypt"] and entry["Name"] == "one"
    with refused("DryRunOperationException"):
        kms.revoke_grant(KeyId=key, GrantId=made["GrantId"], DryRun=True)
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    with denied(user, "kms:Decrypt", key):
        user.client("kms").decrypt(CiphertextBlob=blob)
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    for token in (made["GrantToken"], "nonsense"):
        with refused("InvalidGrantTokenException"):
            kms.decrypt(CiphertextBlob=blob, GrantTokens=[token])


@pytest.mark.parametrize("kind,met,unmet", [
    ("EncryptionContextSubset", [{"a": "1"}, {"a": "1", "b": "2"}], [{}, {"a": "2"}, {"A": "1"}, {"b": "1"}]),
    ("EncryptionContextEquals", [{"a": "1"}], [{}, {"a": "1", "b": "2"}, {"A": "1"}]),
])
def test_constraints(admin, kms, kind, met, unmet):
    key, user = new_key(admin), admin.user()
    kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt", "DescribeKey", "GenerateDataKey"], Constraints={kind: {"a": "1"}})
    client = user.client("kms")
    client.describe_key(KeyId=key)
    for context in met:
        client.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
        client.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    for context in unmet:
        with denied(user, "kms:Encrypt", key):
            client.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    assert kms.list_grants(KeyId=key)["Grants"][0]["Constraints"] == {kind: {"a": "1"}}


def test_a_grant_makes_no_wider_grant(admin, kms):
    key, user, third = new_key(admin), admin.user(), admin.user()
    kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Decrypt", "CreateGrant"], Constraints={"EncryptionContextSubset": {"a": "1"}})
    client, ask = user.client("kms"), {"KeyId": key, "GranteePrincipal": third.arn}
    client.create_grant(**ask, Operations=["Decrypt"], Constraints={"EncryptionContextSubset": {"a": "1", "b": "2"}})
    client.create_grant(**ask, Operations=["Decrypt"], Constraints={"EncryptionContextEquals": {"a": "1"}})
    for wider in ({"Operations": ["Decrypt"]}, {"Operations": ["Encrypt"], "Constraints": {"EncryptionContextSubset": {"a": "1"}}},
                  {"Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"b": "1"}}}):
        with denied(user, "kms:CreateGrant", key):
            client.create_grant(**ask, **wider)


def test_retiring(admin, kms):
    key, grantee, retirer, other = new_key(admin), admin.user(), admin.user(), admin.user(deny("kms:Nothing"))
    ask = {"KeyId": key, "GranteePrincipal": grantee.arn, "RetiringPrincipal": retirer.arn, "Operations": ["Decrypt"]}
    first, second_ = kms.create_grant(**ask), kms.create_grant(**ask)
    listed = kms.list_retirable_grants(RetiringPrincipal=retirer.arn)["Grants"]
    assert {g["GrantId"] for g in listed} == {first["GrantId"], second_["GrantId"]} and listed[0]["KeyId"] == key
    for who in (grantee, other):
        with refused("AccessDeniedException", "kms:RetireGrant"):
            who.client("kms").retire_grant(KeyId=key, GrantId=first["GrantId"])
    retirer.client("kms").retire_grant(KeyId=key, GrantId=first["GrantId"])
    retirer.client("kms").retire_grant(GrantToken=second_["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(GrantToken="nonsense")
    own = kms.create_grant(KeyId=key, GranteePrincipal=grantee.arn, Operations=["RetireGrant"])
    grantee.client("kms").retire_grant(KeyId=key, GrantId=own["GrantId"])


def test_grants_are_checked(admin, kms, key):
    for code, more in (
        ("InvalidArnException", {"GranteePrincipal": f"arn:aws:iam::{admin.account}:user/nobody"}), ("InvalidArnException", {"GranteePrincipal": "nonsense"}),
        ("ValidationException", {"Operations": ["Sign"]}), ("ValidationException", {"Constraints": {"EncryptionContextSubset": {"a": "1"}, "EncryptionContextEquals": {"a": "1"}}}),
    ):
        with refused(code):
            kms.create_grant(**{"KeyId": key["KeyId"], "GranteePrincipal": admin.arn, "Operations": ["Decrypt"], **more})


# Each operation with exactly its action


def operations(key, other, alias, blob, signer, signature, coder, mac, user):
    """What a user without rights is refused, and allowed with one action on one key."""
    k = {"KeyId": key}
    sign = {"KeyId": signer, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    code = {"KeyId": coder, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    return {
        "DescribeKey": k, "GetKeyPolicy": k, "ListKeyPolicies": k, "ListResourceTags": k, "ListGrants": k, "GetKeyRotationStatus": k,
        "ListKeyRotations": k, "RotateKeyOnDemand": k, "EnableKeyRotation": k, "DisableKeyRotation": k, "EnableKey": k,
        "UpdateKeyDescription": {**k, "Description": "d"}, "TagResource": {**k, "Tags": [{"TagKey": "a", "TagValue": "1"}]}, "UntagResource": {**k, "TagKeys": ["a"]},
        "Encrypt": {**k, "Plaintext": b"x"}, "Decrypt": {"CiphertextBlob": blob}, "GenerateDataKey": {**k, "KeySpec": "AES_256"},
        "GenerateDataKeyWithoutPlaintext": {**k, "KeySpec": "AES_256"}, "GenerateDataKeyPair": {**k, "KeyPairSpec": "ECC_NIST_P256"},
        "GenerateDataKeyPairWithoutPlaintext": {**k, "KeyPairSpec": "ECC_NIST_P256"},
        "CreateGrant": {**k, "GranteePrincipal": user, "Operations": ["Decrypt"]},
        "Sign": sign, "Verify": {**sign, "Signature": signature}, "GetPublicKey": {"KeyId": signer},
        "GenerateMac": code, "VerifyMac": {**code, "Mac": mac},
        "PutKeyPolicy": {**k, "Policy": None}, "DisableKey": {"KeyId": other}, "ScheduleKeyDeletion": {"KeyId": other}, "CancelKeyDeletion": {"KeyId": other},
        "ListKeys": {}, "ListAliases": {}, "GenerateRandom": {"NumberOfBytes": 1}, "CreateKey": {}, "ListRetirableGrants": {"RetiringPrincipal": user},
    }


def method(client, name):
    snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    return getattr(client, snake)


def test_each_operation_asks_for_its_action(admin, kms):
    key, other = new_key(admin), new_key(admin)
    signer = new_key(admin, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    coder = new_key(admin, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    signature = kms.sign(KeyId=signer, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    mac = kms.generate_mac(KeyId=coder, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    table = operations(key, other, "", blob, signer, signature, coder, mac, admin.arn)
    for name, given in table.items():
        on = given.get("KeyId", key if name == "Decrypt" else "*")
        without = admin.user(allow("kms:*"), deny(f"kms:{name}"))
        with refused("AccessDeniedException", f"kms:{name} on resource: {on} with an explicit deny"):
            method(without.client("kms"), name)(**{**given, **({"Policy": "{}"} if name == "PutKeyPolicy" else {})})
        elsewhere = admin.user(allow(f"kms:{name}", on=coder if on == key else key))
        with denied(elsewhere, f"kms:{name}", on):
            method(elsewhere.client("kms"), name)(**{**given, **({"Policy": "{}"} if name == "PutKeyPolicy" else {})})
        exactly = admin.user(allow(f"kms:{name}", on=on))
        if name == "PutKeyPolicy":
            given = {**given, "Policy": document(statement(root_of(admin), "kms:*"))}
        method(exactly.client("kms"), name)(**given)


def test_operations_with_two_resources(admin, kms):
    """Aliases ask on the alias and on the key, ReEncrypt on both keys, tags at creation for the tagging."""
    key, other = new_key(admin), new_key(admin)
    name = f"alias/two-{next(_names)}"
    alias = f"arn:aws:kms:us-east-1:{admin.account}:{name}"
    for action, given, needs in (
        ("CreateAlias", {"AliasName": name, "TargetKeyId": key}, [alias, key]),
        ("UpdateAlias", {"AliasName": name, "TargetKeyId": other}, [alias, key, other]),
        ("DeleteAlias", {"AliasName": name}, [alias, other]),
    ):
        for left in needs:
            user = admin.user(allow(f"kms:{action}", on=[r for r in needs if r != left]))
            with denied(user, f"kms:{action}", left):
                method(user.client("kms"), action)(**given)
        method(admin.user(allow(f"kms:{action}", on=needs)).client("kms"), action)(**given)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    both = [allow("kms:ReEncryptFrom", on=key), allow("kms:ReEncryptTo", on=other)]
    for i, (action, on) in enumerate((("kms:ReEncryptFrom", key), ("kms:ReEncryptTo", other))):
        user = admin.user(both[1 - i])
        with denied(user, action, on):
            user.client("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    admin.user(*both).client("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    tags = {"Tags": [{"TagKey": "a", "TagValue": "1"}]}
    user = admin.user(allow("kms:CreateKey"))
    with refused("AccessDeniedException", "kms:TagResource"):
        user.client("kms").create_key(**tags)
    admin.user(allow("kms:CreateKey", "kms:TagResource")).client("kms").create_key(**tags)


def test_roles_and_boundaries(admin, kms):
    """A policy that names a role is still cut by its boundary; one that names the account delegates."""
    iam = admin.client("iam")
    fence = iam.create_policy(PolicyName="fence", PolicyDocument=document(allow("kms:Encrypt")))["Policy"]["Arn"]
    role = admin.role(name="fenced", PermissionsBoundary=fence)
    key = new_key(admin, statement(root_of(admin), "kms:*"), statement({"AWS": role}, "kms:Encrypt", "kms:DescribeKey"))
    keys = admin.assume(role)
    keys.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException", "because no permissions boundary allows the kms:DescribeKey action"):
        keys.client("kms").describe_key(KeyId=key)


def test_a_deleted_principal_has_no_heir(admin, kms):
    """A user made later under the same name gets nothing of what the first one was given."""
    iam = admin.client("iam")
    user = admin.user(name="heir")
    key = new_key(admin, statement(root_of(admin), "kms:*"), statement({"AWS": user.arn}, "kms:Encrypt"))
    kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["GenerateDataKey"])
    user.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    user.client("kms").generate_data_key(KeyId=key, KeySpec="AES_256")
    iam.delete_access_key(UserName="heir", AccessKeyId=user.id)
    iam.delete_user(UserName="heir")
    again = admin.user(name="heir")
    assert again.arn == user.arn
    with refused("AccessDeniedException"):
        again.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException"):
        again.client("kms").generate_data_key(KeyId=key, KeySpec="AES_256")


def test_no_plaintext_anywhere(server, admin, kms, key):
    """Neither the store nor the logs nor the audit trail holds what was encrypted."""
    canary = hmac.new(b"k", b"canary", "sha256").hexdigest()
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=canary.encode())["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == canary.encode()
    data = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")["Plaintext"]
    looked = 0
    for file in server.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            looked += 1
            assert canary.encode() not in content and data not in content, file
    assert looked > 5 and canary not in server.output()


def test_root_key_from_the_environment(tmp_path):
    """The data folder alone opens nothing; the root key can be replaced."""
    one, two = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    folder = tmp_path / "data"
    first = Server.start(folder, env={"BINDERY_ROOT_KEY": one})
    client = first.root().client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]
    blob = client.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert first.stop() == 0
    assert b"encryptedKeyset" in (folder / "keys" / "root").read_bytes()
    for env, why in (({}, "wrapped by a root key, and none was given"), ({"BINDERY_ROOT_KEY": two}, "wrapped by another root key")):
        with pytest.raises(Exception):
            Server.start(folder, env=env, seconds=5)
        assert why in (tmp_path / "data.log").read_text()
    for env in ({"BINDERY_ROOT_KEY": two, "BINDERY_ROOT_KEY_BEFORE": one}, {"BINDERY_ROOT_KEY": two}):
        again = Server.start(folder, env=env)
        assert again.root().client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert again.stop() == 0
