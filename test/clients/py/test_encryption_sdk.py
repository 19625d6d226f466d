"""The AWS Encryption SDK encrypts with data keys of KMS, and knows nothing of us but the endpoint."""

import os
from unittest import mock

import aws_encryption_sdk
import botocore.session
import pytest
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient, StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError

CONTEXT = {"table": "orders", "purpose": "test"}


@pytest.fixture(scope="module")
def keys(admin):
    return [admin.client("kms").create_key()["KeyMetadata"]["Arn"] for _ in range(2)]


@pytest.fixture
def sdk(admin):
    """Its providers make clients of their own when they are used."""
    with mock.patch.dict(os.environ, admin.env()):
        yield EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)


def provider(*arns):
    return StrictAwsKmsMasterKeyProvider(key_ids=list(arns), botocore_session=botocore.session.Session())


def test_round_trip(sdk, keys):
    sealed, header = sdk.encrypt(source=b"rows" * 5000, key_provider=provider(keys[0]), encryption_context=CONTEXT)
    assert CONTEXT.items() <= header.encryption_context.items()
    plain, _ = sdk.decrypt(source=sealed, key_provider=provider(keys[0]))
    assert plain == b"rows" * 5000


def test_either_key_opens(admin, sdk, keys):
    sealed, _ = sdk.encrypt(source=b"x", key_provider=provider(*keys), encryption_context=CONTEXT)
    admin.client("kms").disable_key(KeyId=keys[0])
    try:
        assert sdk.decrypt(source=sealed, key_provider=provider(*keys))[0] == b"x"
        with pytest.raises(AWSEncryptionSDKClientError):
            sdk.decrypt(source=sealed, key_provider=provider(keys[0]))
    finally:
        admin.client("kms").enable_key(KeyId=keys[0])


def test_another_key_does_not_open(sdk, keys):
    sealed, _ = sdk.encrypt(source=b"x", key_provider=provider(keys[0]))
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, key_provider=provider(keys[1]))


def test_cached_data_keys(sdk, keys):
    materials = aws_encryption_sdk.CachingCryptoMaterialsManager(
        master_key_provider=provider(keys[0]), cache=aws_encryption_sdk.LocalCryptoMaterialsCache(10), max_age=60.0,
    )
    for n in range(3):
        sealed, _ = sdk.encrypt(source=b"%d" % n, materials_manager=materials)
        assert sdk.decrypt(source=sealed, materials_manager=materials)[0] == b"%d" % n
