"""Who may not come in: every way to get a signature wrong, and the words for it."""

import dataclasses
import datetime
from unittest import mock

import botocore.auth
import pytest

import wire
from server import Server

JSON = {"X-Amz-Target": "AWSGlue.GetDatabases", "Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
CBOR = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
CBOR_PATH = "/service/GraniteServiceVersion20100801/operation/ListMetrics"


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A request that is well made, in one protocol, and its codes for refusals."""

    service: str
    headers: dict
    body: bytes
    path: str
    method: str
    mismatch: tuple  # code, status
    missing: tuple
    incomplete: tuple
    unknown: tuple

    def url(self, keys):
        return keys.url + self.path

    def signed(self, keys, **more):
        return wire.sign(keys, more.pop("service", self.service), self.url(keys), self.headers, self.body, self.method, **more)

    def send(self, server, headers):
        return wire.send(server.address, headers, self.body, self.method, self.path)


def _json(service, headers, body=b"{}", path="/"):
    return Protocol(service, headers, body, path, "POST", ("InvalidSignatureException", 400),
                    ("MissingAuthenticationTokenException", 400), ("IncompleteSignatureException", 400), ("UnrecognizedClientException", 400))


PROTOCOLS = {
    "json 1.1": _json("glue", JSON),
    "json 1.1 athena": _json("athena", {**JSON, "X-Amz-Target": "AmazonAthena.ListWorkGroups"}),
    "rest json": _json("lakeformation", {"Content-Type": "application/json"}, path="/GetDataLakeSettings"),
    "rpc cbor": _json("monitoring", CBOR, b"\xa0", CBOR_PATH),
    "query": Protocol("sts", FORM, WHO, "/", "POST", ("SignatureDoesNotMatch", 403), ("MissingAuthenticationToken", 403),
                      ("IncompleteSignature", 400), ("InvalidClientTokenId", 403)),
    "s3": Protocol("s3", {}, b"", "/", "GET", ("SignatureDoesNotMatch", 403), ("AccessDenied", 403),
                   ("AuthorizationHeaderMalformed", 400), ("InvalidAccessKeyId", 403)),
}


@pytest.fixture(params=PROTOCOLS.values(), ids=PROTOCOLS.keys())
def protocol(request):
    return request.param


def code(answer):
    return answer.error[0], answer.status


def test_a_good_signature_is_let_in(server, root, protocol):
    answer = protocol.send(server, protocol.signed(root))
    assert answer.status == 200 or answer.error[0] in ("UnsupportedOperationException", "NotImplemented"), answer


def test_no_credentials(server, root, protocol):
    assert code(protocol.send(server, {**protocol.headers, "Host": "x"})) == protocol.missing


def test_an_unsigned_amz_header_is_refused(server, root, protocol):
    headers = protocol.signed(root)
    answer = protocol.send(server, {**headers, "x-amz-copy-source": "secret/key"})
    expected = ("AccessDenied", 403) if protocol.service == "s3" else protocol.mismatch
    assert code(answer) == expected
    assert "not signed" in answer.error[1] or "x-amz-copy-source" in answer.error[1], answer.error


@pytest.mark.parametrize("name", ["X-AMZ-Acl", "x-amz-target", "x-amz-meta-a", "X-Amz-Security-Token", "x-amz-website-redirect-location"])
def test_whatever_its_name(server, root, name):
    """Smuggled beside a signed S3 request; x-amz-target would even lead elsewhere."""
    s3 = PROTOCOLS["s3"]
    answer = s3.send(server, {**s3.signed(root), name: "AWSGlue.DeleteDatabase"})
    assert 400 <= answer.status < 500 and answer.error[0] != "NotImplemented", answer


def test_another_secret(server, root, protocol):
    wrong = dataclasses.replace(root, secret=root.secret[::-1])
    assert code(protocol.send(server, protocol.signed(wrong))) == protocol.mismatch


def test_an_unknown_key(server, root, protocol):
    unknown = dataclasses.replace(root, id="AKIAIOSFODNN7EXAMPLE")
    assert code(protocol.send(server, protocol.signed(unknown))) == protocol.unknown


BUFFERED = {name: p for name, p in PROTOCOLS.items() if p.service != "s3"}  # a GET's body is read by nobody


@pytest.mark.parametrize("protocol", BUFFERED.values(), ids=BUFFERED.keys())
def test_another_body(server, root, protocol):
    headers = protocol.signed(root)
    answer = wire.send(server.address, headers, protocol.body + b" ", protocol.method, protocol.path)
    assert code(answer) == protocol.mismatch


def test_another_body_for_an_object(server, root):
    """The object stays what it was, and none is made."""
    s3 = root.client("s3")
    s3.create_bucket(Bucket="door")
    for key, before in (("new", None), ("old", b"was")):
        if before:
            s3.put_object(Bucket="door", Key=key, Body=before)
        headers = wire.sign(root, "s3", f"{root.url}/door/{key}", {}, b"what was signed", "PUT")
        answer = wire.send(server.address, headers, b"what was sent!!", "PUT", f"/door/{key}")
        assert code(answer) == ("XAmzContentSHA256Mismatch", 400)
        found = {o["Key"]: o["Size"] for o in s3.list_objects_v2(Bucket="door").get("Contents", [])}
        assert found.get(key) == (len(before) if before else None)


def test_another_path_or_query(server, root, protocol):
    headers = protocol.signed(root)
    answer = wire.send(server.address, headers, protocol.body, protocol.method, protocol.path + "?x=y")
    assert code(answer) == protocol.mismatch


def test_another_method(server, root, protocol):
    answer = wire.send(server.address, protocol.signed(root), protocol.body, "PUT", protocol.path)
    assert 400 <= answer.status < 500, answer


def test_another_host(server, root, protocol):
    headers = {**protocol.signed(root), "Host": "elsewhere:1"}
    assert code(protocol.send(server, headers)) == protocol.mismatch


def test_another_region(server, root, protocol):
    answer = protocol.send(server, protocol.signed(root, region="eu-west-1"))
    expected = ("AuthorizationHeaderMalformed", 400) if protocol.service == "s3" else protocol.mismatch
    assert code(answer) == expected
    assert "Region" in answer.error[1] and "eu-west-1" in answer.error[1], answer.error


def test_us_east_1_is_always_right_for_iam_and_sts_only(root):
    elsewhere = Server.start(None, "--region", "eu-central-1")
    try:
        keys = elsewhere.root()
        query = PROTOCOLS["query"]
        assert query.send(elsewhere, query.signed(keys)).status == 200
        assert query.send(elsewhere, query.signed(keys, region="eu-central-1")).status == 200
        glue = PROTOCOLS["json 1.1"]
        assert code(glue.send(elsewhere, glue.signed(keys))) == glue.mismatch
    finally:
        assert elsewhere.stop() == 0


def test_the_global_region_of_the_sdk_for_java(server, root):
    """IAM and STS take the scope region aws-global, the others do not."""
    query, glue = PROTOCOLS["query"], PROTOCOLS["json 1.1"]
    assert query.send(server, query.signed(root, region="aws-global")).status == 200
    assert glue.send(server, glue.signed(root, region="aws-global")).status == 400


@pytest.mark.parametrize("scope", ["sts", "s3", "athena", "execute-api", "dynamodb"])
def test_a_scope_of_another_service(server, root, scope):
    """Sign for one service, call another (SeaweedFS CVE-2026-55873)."""
    glue = PROTOCOLS["json 1.1"]
    answer = glue.send(server, glue.signed(root, service=scope))
    assert code(answer) == glue.mismatch
    assert "glue" in answer.error[1], answer.error


@pytest.mark.parametrize("scope", ["sns", "ec2", "sqs"])
@pytest.mark.parametrize("version", ["2010-05-08", "2011-06-15"])
def test_a_form_signed_for_another_service_does_not_reach_ours(server, root, scope, version):
    body = f"Action=GetCallerIdentity&Version={version}".encode()
    headers = wire.sign(root, scope, root.url + "/", FORM, body)
    answer = wire.send(server.address, headers, body)
    assert code(answer) == ("UnsupportedOperationException", 400)
    assert scope in answer.error[1]


def test_iam_signed_for_sts(server, root):
    body = b"Action=ListUsers&Version=2010-05-08"
    answer = wire.send(server.address, wire.sign(root, "sts", root.url + "/", FORM, body), body)
    assert code(answer) == ("InvalidAction", 400)


SERVICES = {
    "dynamodb": {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"},
    "kinesis": {"X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1"},
    "lambda": {"Content-Type": "application/json"},
    "ec2": FORM,
    "s3tables": {"Content-Type": "application/json"},
    "s3express": {},
}


@pytest.mark.parametrize("service", SERVICES)
def test_services_we_do_not_serve_are_refused_by_name(server, root, service):
    body = b"Action=DescribeInstances&Version=2016-11-15" if service == "ec2" else b"{}"
    answer = wire.send(server.address, wire.sign(root, service, root.url + "/", SERVICES[service], body), body)
    assert code(answer) == ("UnsupportedOperationException", 400)
    assert "bindery does not serve" in answer.error[1]


@pytest.mark.parametrize("service", SERVICES)
def test_but_not_to_strangers(server, root, service):
    wrong = dataclasses.replace(root, secret="wrong")
    body = b"{}"
    answer = wire.send(server.address, wire.sign(wrong, service, root.url + "/", SERVICES[service], body), body)
    assert "does not serve" not in answer.error[1], answer.error


@pytest.fixture
def at():
    """Signs as if it were another time."""

    def sign_at(protocol, keys, ago):
        now = datetime.datetime.now(datetime.timezone.utc) - ago
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda *a, **k: now.replace(tzinfo=None) if not a and not k else now):
            return protocol.signed(keys)

    return sign_at


def test_clock_differences(server, root, protocol, at):
    limit = 15 if protocol.service == "s3" else 5
    for minutes in (limit - 1, 1 - limit):
        answer = protocol.send(server, at(protocol, root, datetime.timedelta(minutes=minutes)))
        assert answer.status == 200 or answer.error[0] in ("UnsupportedOperationException", "NotImplemented"), answer.error
    skewed = ("RequestTimeTooSkewed", 403) if protocol.service == "s3" else protocol.mismatch
    for minutes, words in ((limit + 1, "expired"), (-limit - 1, "not yet current")):
        answer = protocol.send(server, at(protocol, root, datetime.timedelta(minutes=minutes)))
        assert code(answer) == skewed
        assert words in answer.error[1].lower() or protocol.service == "s3", answer.error


def _authorization(headers, old, new):
    changed = headers["Authorization"].replace(old, new, 1)
    assert changed != headers["Authorization"]
    return {**headers, "Authorization": changed}


def test_a_scope_of_another_date(server, root, protocol):
    headers = protocol.signed(root)
    day = headers["X-Amz-Date"][:8]
    answer = protocol.send(server, _authorization(headers, f"/{day}/", "/20200101/"))
    expected = ("AuthorizationHeaderMalformed", 400) if protocol.service == "s3" else protocol.mismatch
    assert code(answer) == expected


def test_another_terminator(server, root, protocol):
    headers = protocol.signed(root)
    answer = protocol.send(server, _authorization(headers, "/aws4_request", "/aws5_request"))
    expected = ("AuthorizationHeaderMalformed", 400) if protocol.service == "s3" else protocol.mismatch
    assert code(answer) == expected


@pytest.mark.parametrize("old, new", [("SignedHeaders=", "SignedHeader="), ("Signature=", "Signature:"), ("Credential=", "Credentials="), ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256")])
def test_a_malformed_authorization(server, root, protocol, old, new):
    answer = protocol.send(server, _authorization(protocol.signed(root), old, new))
    assert 400 <= answer.status <= 403 and answer.error[0] in (protocol.incomplete[0], protocol.missing[0]), answer.error


@pytest.mark.parametrize("scheme", ["Basic dXNlcjpwYXNz", "Bearer abc", "AWS AKIA:sig", "AWS4-HMAC-SHA512 Credential=x", "AWS4-ECDSA-P256-SHA256 Credential=x", "x"])
def test_other_schemes(server, root, protocol, scheme):
    answer = protocol.send(server, {**protocol.headers, "Host": "x", "Authorization": scheme})
    assert 400 <= answer.status <= 403, answer
    assert answer.error[0] in (protocol.incomplete[0], protocol.missing[0], "InvalidRequest"), answer.error


def test_two_authorization_headers(server, root, protocol):
    headers = protocol.signed(root)
    pairs = [*headers.items(), ("Authorization", headers["Authorization"])]
    assert code(protocol.send(server, pairs))[1] == 400


def test_header_and_query_credentials(server, root, protocol):
    headers = protocol.signed(root)
    query = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x/20200101/us-east-1/s3/aws4_request&X-Amz-Signature=0"
    answer = wire.send(server.address, headers, protocol.body, protocol.method, protocol.path + query)
    assert 400 <= answer.status <= 403, answer
    assert answer.error[0] in (protocol.incomplete[0], "InvalidArgument"), answer.error


def test_a_session_key_without_its_token(server, root):
    admin = server.admin("door-admin")
    keys = admin.assume(admin.role())
    for protocol in PROTOCOLS.values():
        bare = dataclasses.replace(keys, token=None)
        assert code(protocol.send(server, protocol.signed(bare))) == protocol.unknown


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_unsigned_payloads_are_for_s3_only(server, root, payload):
    glue = PROTOCOLS["json 1.1"]
    marked = dataclasses.replace(glue, headers={**JSON, "X-Amz-Content-SHA256": payload})
    assert 400 <= marked.send(server, marked.signed(root)).status < 500


def test_every_single_change_is_noticed(server, root):
    """Flips each character of the signature and of each signed header's value."""
    glue = PROTOCOLS["json 1.1"]
    headers = glue.signed(root)
    signature = headers["Authorization"].rpartition("=")[2]
    for i, was in enumerate(signature):
        flipped = signature[:i] + ("0" if was != "0" else "1") + signature[i + 1:]
        assert code(glue.send(server, _authorization(headers, signature, flipped))) == glue.mismatch
    for changed in ({"X-Amz-Target": "AWSGlue.GetTables"}, {"Content-Type": "application/x-amz-json-1.0"}):
        assert glue.send(server, {**headers, **changed}).status == 400


def test_a_replayed_request_is_the_same_request(server, root):
    """AWS accepts a repeated signature for five minutes; creating twice is refused."""
    body = b"Action=CreateUser&Version=2010-05-08&UserName=replayed"
    headers = wire.sign(root, "iam", root.url + "/", FORM, body)
    assert wire.send(server.address, headers, body).status == 200
    assert code(wire.send(server.address, headers, body)) == ("EntityAlreadyExists", 409)
