"""The object store through boto3: buckets, objects, parts, checksums, versions, tags,
presigned addresses, and bucket policies."""

import base64
import hashlib
import io
import json
import os
import urllib.error
import urllib.request
import zlib

import pytest
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from identity import allow
from refusal import refused

MIB = 1 << 20


@pytest.fixture(scope="module")
def s3(admin):
    return admin.client("s3")


@pytest.fixture(scope="module")
def once(admin):
    """A client that does not try again what was refused, as boto3 does with digests."""
    return admin.client("s3", config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def bucket(s3, request):
    name = "b-" + hashlib.sha1(request.node.name.encode()).hexdigest()[:20]
    s3.create_bucket(Bucket=name)
    return name


def body(answer):
    return answer["Body"].read()


def test_life_of_a_bucket(s3, admin):
    s3.create_bucket(Bucket="life-of-a-bucket")
    s3.get_waiter("bucket_exists").wait(Bucket="life-of-a-bucket")
    assert "life-of-a-bucket" in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket="life-of-a-bucket")["LocationConstraint"] is None
    s3.put_object(Bucket="life-of-a-bucket", Key="a", Body=b"x")
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket="life-of-a-bucket")
    s3.delete_object(Bucket="life-of-a-bucket", Key="a")
    s3.delete_bucket(Bucket="life-of-a-bucket")
    with refused("404", status=404):
        s3.head_bucket(Bucket="life-of-a-bucket")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="life-of-a-bucket")


@pytest.mark.parametrize("name", ["ab", "Upper", "a..b", "-a-b", "under_score", "192.168.5.4", "x" * 64])
def test_bucket_names(admin, name):
    s3 = admin.client("s3", config=Config(s3={"addressing_style": "path"}))
    with refused("InvalidBucketName", status=400):
        s3.meta.events.unregister("before-parameter-build.s3", None)
        s3.create_bucket(Bucket=name)


def test_bucket_names_are_of_one_owner(s3, second, bucket):
    with pytest.raises(second.client("s3").exceptions.BucketAlreadyExists):
        second.client("s3").create_bucket(Bucket=bucket)


def test_life_of_an_object(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="dir/ä b+c.txt", Body=b"hello", ContentType="text/plain", Metadata={"Team": "blue"}, CacheControl="no-cache")
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="dir/ä b+c.txt")
    assert (body(got), got["ContentType"], got["Metadata"], got["CacheControl"], got["ETag"]) == (b"hello", "text/plain", {"team": "blue"}, "no-cache", put["ETag"])
    head = s3.head_object(Bucket=bucket, Key="dir/ä b+c.txt")
    assert (head["ContentLength"], head["LastModified"]) == (5, got["LastModified"])
    s3.delete_object(Bucket=bucket, Key="dir/ä b+c.txt")
    s3.delete_object(Bucket=bucket, Key="dir/ä b+c.txt")  # again: no error
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="dir/ä b+c.txt")
    with refused("404", status=404):
        s3.head_object(Bucket=bucket, Key="dir/ä b+c.txt")


@pytest.mark.parametrize("key", ["a", "a b", "ü/ö", "a+b", "a%20b", "a?b", "a#b", "a&b=c", "%2e%2e/x", "/".join(["x" * 200] * 4), "q'\"<>", "日本語", "a/b.c/d~e", "-", "a//b".replace("//", "/x/")])
def test_keys_are_kept_as_they_are(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert body(s3.get_object(Bucket=bucket, Key=key)) == key.encode()
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a/../b", "./a", "..", "a/.."])
def test_keys_never_leave_the_bucket(server, s3, bucket, key):
    """Refused by name, or kept inside (hardening.md class 18)."""
    before = {p for p in server.folder.parent.iterdir()}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=b"inside")
    except s3.exceptions.ClientError as e:
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501), e
    else:
        assert body(s3.get_object(Bucket=bucket, Key=key)) == b"inside"
    assert {p for p in server.folder.parent.iterdir()} == before
    assert not (server.folder / "x").exists()


def test_multipart_by_the_transfer_manager(s3, bucket):
    data = os.urandom(20 * MIB + 17)
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(data), bucket, "big", Config=config)
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ContentLength"] == len(data) and head["ETag"].endswith('-5"')
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back, Config=config)
    assert back.getvalue() == data
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_multipart_by_hand(s3, bucket):
    at = {"Bucket": bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**at, Metadata={"k": "v"})["UploadId"]
    parts = [os.urandom(5 * MIB), os.urandom(5 * MIB)]
    tags = [s3.upload_part(**at, UploadId=upload, PartNumber=n, Body=p)["ETag"] for n, p in enumerate(parts, 1)]
    listed = s3.list_parts(**at, UploadId=upload)["Parts"]
    assert [(p["PartNumber"], p["Size"], p["ETag"]) for p in listed] == [(1, 5 * MIB, tags[0]), (2, 5 * MIB, tags[1])]
    wrong = [{"PartNumber": 1, "ETag": tags[1]}]
    with refused("InvalidPart", status=400):
        s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": wrong})
    done = [{"PartNumber": n, "ETag": t} for n, t in enumerate(tags, 1)]
    with refused("InvalidPartOrder", status=400):
        s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": done[::-1]})
    etag = s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": done})["ETag"]
    sums = b"".join(hashlib.md5(p).digest() for p in parts)
    assert etag == f'"{hashlib.md5(sums).hexdigest()}-2"'
    got = s3.get_object(**at)
    assert body(got) == b"".join(parts) and got["Metadata"] == {"k": "v"}
    with pytest.raises(s3.exceptions.NoSuchUpload):
        s3.list_parts(**at, UploadId=upload)


def test_an_aborted_upload_leaves_nothing(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="gone")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="gone", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="gone", UploadId=upload)
    with refused("NoSuchUpload", status=404):
        s3.upload_part(Bucket=bucket, Key="gone", UploadId=upload, PartNumber=2, Body=b"x")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_ranges(s3, bucket):
    data = bytes(range(256)) * 10
    s3.put_object(Bucket=bucket, Key="r", Body=data)
    for text, part in {"bytes=0-0": data[:1], "bytes=5-9": data[5:10], "bytes=2550-": data[2550:], "bytes=-10": data[-10:], "bytes=2500-9999": data[2500:]}.items():
        got = s3.get_object(Bucket=bucket, Key="r", Range=text)
        assert body(got) == part and got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"].endswith("/2560")
    with refused("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="r", Range="bytes=9999-")


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="c", Body=b"x")["ETag"]
    assert body(s3.get_object(Bucket=bucket, Key="c", IfMatch=etag)) == b"x"
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="c", IfMatch='"other"')
    with refused("304", status=304):
        s3.get_object(Bucket=bucket, Key="c", IfNoneMatch=etag)


def test_conditional_writes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="lock", Body=b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="lock", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="lock", Body=b"3", IfMatch=etag)
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="lock", Body=b"4", IfMatch=etag)
    with refused("NoSuchKey", status=404):
        s3.put_object(Bucket=bucket, Key="missing", Body=b"5", IfMatch=etag)
    assert body(s3.get_object(Bucket=bucket, Key="lock")) == b"3"


def crc(data, polynomial, bits):
    """A reflected CRC, bit by bit: slow, and plain to read."""
    mask = (1 << bits) - 1
    value = mask
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
    return (value ^ mask).to_bytes(bits // 8, "big")


SUMS = {
    "CRC32": lambda d: zlib.crc32(d).to_bytes(4, "big"),
    "CRC32C": lambda d: crc(d, 0x82F63B78, 32),
    "CRC64NVME": lambda d: crc(d, 0x9A6C9329AC4BC9B5, 64),
    "SHA1": lambda d: hashlib.sha1(d).digest(),
    "SHA256": lambda d: hashlib.sha256(d).digest(),
}


def checksum(algorithm, data):
    return {"Checksum" + algorithm: base64.b64encode(SUMS[algorithm](data)).decode()}


def test_our_own_sums_are_right():
    """The published check values of the two that Python lacks."""
    assert SUMS["CRC32C"](b"123456789").hex() == "e3069283"
    assert SUMS["CRC64NVME"](b"123456789").hex() == "ae8b14860a799888"


@pytest.mark.parametrize("algorithm", SUMS)
def test_checksums(s3, bucket, algorithm):
    data = b"checked" * 100
    given = checksum(algorithm, data)
    put = s3.put_object(Bucket=bucket, Key="k", Body=data, **given)
    assert given.items() <= put.items()
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert given.items() <= head.items() and head["ChecksumType"] == "FULL_OBJECT"
    assert body(s3.get_object(Bucket=bucket, Key="k")) == data


@pytest.mark.parametrize("algorithm", SUMS)
def test_a_wrong_checksum_is_refused(s3, once, bucket, algorithm):
    with refused("BadDigest", status=400):
        once.put_object(Bucket=bucket, Key="k", Body=b"one thing", **checksum(algorithm, b"another"))
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_wrong_md5_is_refused(s3, once, bucket):
    with refused("BadDigest", status=400):
        once.put_object(Bucket=bucket, Key="k", Body=b"one", ContentMD5=base64.b64encode(hashlib.md5(b"two").digest()).decode())
    with refused("InvalidDigest", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"one", ContentMD5="nonsense")


def test_listing(s3, bucket):
    keys = sorted(f"{d}/{n:02}" for d in ("a", "a-b", "b/c") for n in range(7))
    for k in keys:
        s3.put_object(Bucket=bucket, Key=k, Body=k.encode())
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 4}))
    assert [o["Key"] for p in pages for o in p["Contents"]] == keys and len(pages) == 6
    assert [o["Key"] for p in s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 4}) for o in p["Contents"]] == keys
    top = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in top["CommonPrefixes"]] == ["a-b/", "a/", "b/"] and "Contents" not in top
    assert s3.list_objects_v2(Bucket=bucket, Prefix="a/", StartAfter="a/04")["KeyCount"] == 2
    assert [p["Prefix"] for p in s3.list_objects_v2(Bucket=bucket, Prefix="b/", Delimiter="/")["CommonPrefixes"]] == ["b/c/"]
    assert s3.list_objects_v2(Bucket=bucket, Prefix="zz")["KeyCount"] == 0


def test_copies(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from ü", Body=b"x", Metadata={"a": "1"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from ü"})
    assert s3.get_object(Bucket=bucket, Key="to")["Metadata"] == {"a": "1"}
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/to", MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.get_object(Bucket=bucket, Key="to")["Metadata"] == {"b": "2"}
    with refused("NoSuchKey", status=404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/missing")


def test_batch_delete(s3, bucket):
    for n in range(30):
        s3.put_object(Bucket=bucket, Key=f"k{n}", Body=b"")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{n}"} for n in range(25)] + [{"Key": "missing"}]})
    assert len(answer["Deleted"]) == 26 and not answer.get("Errors")
    assert s3.delete_objects(Bucket=bucket, Delete={"Quiet": True, "Objects": [{"Key": "k25"}]}).get("Deleted") is None
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 4


def test_versions(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    one = s3.put_object(Bucket=bucket, Key="v", Body=b"1")["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="v", Body=b"2")["VersionId"]
    assert one != two
    assert body(s3.get_object(Bucket=bucket, Key="v")) == b"2"
    assert body(s3.get_object(Bucket=bucket, Key="v", VersionId=one)) == b"1"
    marker = s3.delete_object(Bucket=bucket, Key="v")
    assert marker["DeleteMarker"] is True
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="v")
    listed = s3.list_object_versions(Bucket=bucket)
    assert [v["VersionId"] for v in listed["Versions"]] == [two, one]
    assert [m["VersionId"] for m in listed["DeleteMarkers"]] == [marker["VersionId"]]
    s3.delete_object(Bucket=bucket, Key="v", VersionId=marker["VersionId"])
    assert body(s3.get_object(Bucket=bucket, Key="v")) == b"2"


def test_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="t", Body=b"", Tagging="a=1&b=2")
    tags = s3.get_object_tagging(Bucket=bucket, Key="t")["TagSet"]
    assert sorted((t["Key"], t["Value"]) for t in tags) == [("a", "1"), ("b", "2")]
    s3.put_object_tagging(Bucket=bucket, Key="t", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
    assert s3.get_object(Bucket=bucket, Key="t")["TagCount"] == 1
    s3.delete_object_tagging(Bucket=bucket, Key="t")
    assert s3.get_object_tagging(Bucket=bucket, Key="t")["TagSet"] == []
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "x", "Value": "y"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "x", "Value": "y"}]


# Presigned


def fetch(url, method="GET", data=None, **headers):
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


@pytest.fixture(scope="module")
def presigner(admin):
    """boto3 presigns the old way for us-east-1 unless it is told otherwise."""
    return admin.client("s3", config=Config(signature_version="s3v4"))


def test_the_old_signature_covers_objects_only(s3, bucket):
    status, text = fetch(s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket}, 60))
    assert status == 400 and b"Please use AWS4-HMAC-SHA256" in text
    status, text = fetch(s3.meta.endpoint_url + f"/{bucket}/k", Authorization="AWS AKIA:signature")
    assert status == 400 and b"Please use AWS4-HMAC-SHA256" in text


def test_presigned_get_and_put(presigner, bucket):
    s3 = presigner
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "p q"}, 60)
    assert fetch(put, "PUT", b"sent")[0] == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "p q"}, 60)
    assert fetch(get) == (200, b"sent")
    assert fetch(get.replace("p%20q", "other"))[0] == 403
    assert fetch(get, "DELETE")[0] == 403
    assert fetch(get + "&versionId=1")[0] == 403


def test_a_header_cannot_be_smuggled_onto_a_presigned_put(s3, presigner, bucket):
    """The class that hit five products in one season (hardening.md 3.1)."""
    s3.put_object(Bucket=bucket, Key="secret", Body=b"secret")
    put = presigner.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "copy"}, 60)
    status, text = fetch(put, "PUT", b"", **{"x-amz-copy-source": f"/{bucket}/secret"})
    assert status == 403 and b"AccessDenied" in text
    assert s3.list_objects_v2(Bucket=bucket, Prefix="copy")["KeyCount"] == 0


@pytest.mark.parametrize("seconds", ["604801", "0", "-1", "x"])
def test_how_long_a_presigned_address_may_last(s3, presigner, bucket, seconds):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = presigner.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, 60)
    status, text = fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=" + seconds))
    assert status == 400 and b"AuthorizationQueryParametersError" in text


# Policies


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def grant(principal, bucket, *actions, effect="Allow", **more):
    on = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": on, **more}


def test_rights_on_a_bucket_and_its_objects_are_two_things(root, s3, bucket):
    s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")
    s3.put_object(Bucket=bucket, Key="out/a", Body=b"2")
    reader = root.user(allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/in/*"),
                       allow("s3:ListBucket", on=f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "in/*"}}))
    mine = reader.client("s3")
    assert body(mine.get_object(Bucket=bucket, Key="in/a")) == b"1"
    assert mine.list_objects_v2(Bucket=bucket, Prefix="in/")["KeyCount"] == 1
    for call in (lambda: mine.get_object(Bucket=bucket, Key="out/a"), lambda: mine.list_objects_v2(Bucket=bucket),
                 lambda: mine.list_objects_v2(Bucket=bucket, Prefix="out/"), lambda: mine.put_object(Bucket=bucket, Key="in/b", Body=b""),
                 lambda: mine.delete_object(Bucket=bucket, Key="in/a"), lambda: mine.list_buckets()):
        with refused("AccessDenied", f"User: {reader.arn} is not authorized to perform: s3:", 403):
            call()


def test_a_copy_needs_rights_on_both_ends(root, s3, bucket):
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x")
    writer = root.user(allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/mine/*")).client("s3")
    with refused("AccessDenied", "s3:GetObject", 403):
        writer.copy_object(Bucket=bucket, Key="mine/x", CopySource=f"{bucket}/secret")
    upload = writer.create_multipart_upload(Bucket=bucket, Key="mine/x")["UploadId"]
    with refused("AccessDenied", "s3:GetObject", 403):
        writer.upload_part_copy(Bucket=bucket, Key="mine/x", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/secret")


def test_each_deletion_of_a_batch_is_decided(root, s3, bucket):
    for k in ("mine/a", "theirs/a"):
        s3.put_object(Bucket=bucket, Key=k, Body=b"")
    user = root.user(allow("s3:DeleteObject", on=f"arn:aws:s3:::{bucket}/mine/*")).client("s3")
    answer = user.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "theirs/a"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["mine/a"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("theirs/a", "AccessDenied")]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["theirs/a"]


def test_a_bucket_policy_across_accounts(s3, second, bucket):
    theirs = second.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("AccessDenied", status=403):
        theirs.get_object(Bucket=bucket, Key="k")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(grant({"AWS": f"arn:aws:iam::{second.account}:root"}, bucket, "s3:GetObject")))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Action"] == ["s3:GetObject"]
    assert body(theirs.get_object(Bucket=bucket, Key="k")) == b"x"
    nobody = second.user()
    with refused("AccessDenied", status=403):  # the other account's own policies count as well
        nobody.client("s3").get_object(Bucket=bucket, Key="k")
    with refused("AccessDenied", status=403):
        theirs.list_objects_v2(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    with refused("AccessDenied", status=403):
        theirs.get_object(Bucket=bucket, Key="k")


def test_a_deny_in_a_bucket_policy_wins(root, admin, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    user = root.user(allow("s3:*"))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(grant({"AWS": user.arn}, bucket, "s3:GetObject", effect="Deny")))
    with refused("AccessDenied", "with an explicit deny in a resource-based policy", 403):
        user.client("s3").get_object(Bucket=bucket, Key="k")
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"x"


def test_everyone_is_kept_out_until_the_block_is_lifted(s3, bucket, admin):
    s3.put_object(Bucket=bucket, Key="k", Body=b"public")
    public = policy(grant("*", bucket, "s3:GetObject"))
    with refused("AccessDenied", status=403):
        s3.put_bucket_policy(Bucket=bucket, Policy=public)
    url = f"{admin.url}/{bucket}/k"
    assert fetch(url)[0] == 403
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert fetch(url) == (200, b"public")
    assert fetch(url, "PUT", b"x")[0] == 403
    assert fetch(f"{admin.url}/{bucket}")[0] == 403
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
    assert fetch(url)[0] == 403


def test_a_stranger_cannot_tell_what_exists(root, s3, bucket):
    s3.put_object(Bucket=bucket, Key="there", Body=b"")
    nobody = root.user().client("s3")

    def answer(key):
        with refused("AccessDenied", status=403) as caught:
            nobody.get_object(Bucket=bucket, Key=key)
        return caught.value.response["Error"]["Message"].replace(key, "KEY")

    assert answer("there") == answer("gone!")


@pytest.mark.parametrize("call", [
    lambda c, b: c.get_bucket_acl(Bucket=b), lambda c, b: c.put_bucket_website(Bucket=b, WebsiteConfiguration={"IndexDocument": {"Suffix": "x"}}),
    lambda c, b: c.get_bucket_encryption(Bucket=b), lambda c, b: c.get_bucket_policy(Bucket=b), lambda c, b: c.get_bucket_cors(Bucket=b),
    lambda c, b: c.select_object_content(Bucket=b, Key="k", Expression="select 1", ExpressionType="SQL", InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}}),
], ids=["acl", "website", "encryption", "policy", "cors", "select"])
def test_without_rights_even_what_is_unsupported_is_denied(root, bucket, call):
    with refused("AccessDenied", status=403):
        call(root.user().client("s3"), bucket)


def test_encryption_is_refused_until_it_is_real_or_kept(s3, bucket):
    """Never a success that stored plain text under the name of encryption."""
    for how in ({"ServerSideEncryption": "aws:kms"}, {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}):
        try:
            put = s3.put_object(Bucket=bucket, Key="e", Body=b"secret words", **how)
        except s3.exceptions.ClientError as e:
            assert e.response["Error"]["Code"] in ("NotImplemented", "InvalidArgument", "InvalidRequest"), e
        else:
            assert put.get("ServerSideEncryption") or put.get("SSECustomerAlgorithm")


def test_presigned_urls_as_the_sdk_makes_them_by_default(root):
    """In us-east-1 boto3 presigns with Signature Version 2 unless told otherwise."""
    s3 = root.client("s3")
    s3.create_bucket(Bucket="presigned-by-default")
    key = "a b/c+d.txt"
    put = s3.generate_presigned_url("put_object", Params={"Bucket": "presigned-by-default", "Key": key})
    assert "X-Amz-Algorithm" not in put
    assert urllib3.PoolManager().request("PUT", put, body=b"hello").status == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned-by-default", "Key": key, "ResponseContentType": "text/x"})
    answer = urllib3.PoolManager().request("GET", get)
    assert (answer.status, answer.data, answer.headers["Content-Type"]) == (200, b"hello", "text/x")
    assert urllib3.PoolManager().request("PUT", get, body=b"other").status == 403
    assert urllib3.PoolManager().request("GET", get, headers={"x-amz-acl": "public-read"}).status == 403
    assert urllib3.PoolManager().request("GET", get + "&prefix=x").status == 400
    late = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned-by-default", "Key": key}, ExpiresIn=-1)
    assert urllib3.PoolManager().request("GET", late).status == 403
