"""IAM and STS through boto3, what people and their tools use beside users, roles and policies."""

import base64
import csv
import datetime
import hashlib
import hmac
import http.server
import io
import json
import ssl
import struct
import threading
import time

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID

from identity import allow, deny, document, trust
from refusal import denied_xml, refused
from server import Server

GET_USER = allow("iam:GetUser")


@pytest.fixture(scope="module")
def server():
    """A server that may ask providers on this machine."""
    s = Server.start(None, "--dial-allow", "127.0.0.0/8")
    yield s
    assert s.stop() == 0, s.output()


@pytest.fixture(scope="module")
def iam(root):
    return root.client("iam")


def test_the_summary_counts(iam, root):
    before = iam.get_account_summary()["SummaryMap"]
    root.user(name="counted")
    root.role(name="counted")
    after = iam.get_account_summary()["SummaryMap"]
    grown = {k: after[k] - before[k] for k in after if after[k] != before[k]}
    assert grown == {"Users": 1, "Roles": 1}
    assert (after["AccountAccessKeysPresent"], after["AccountMFAEnabled"], after["AccessKeysPerUserQuota"]) == (1, 0, 2)


def test_the_last_use_of_a_key(iam, root):
    user = root.user(GET_USER, name="lastused")
    unused = iam.get_access_key_last_used(AccessKeyId=user.id)
    assert unused["UserName"] == "lastused"
    assert unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    with refused("AccessDeniedException"):
        user.client("glue").get_databases()
    used = iam.get_access_key_last_used(AccessKeyId=user.id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("glue", "us-east-1")
    assert abs(used["LastUsedDate"].timestamp() - time.time()) < 60
    with denied_xml(user, "iam:GetAccessKeyLastUsed", f"arn:aws:iam::{root.account}:user/lastused"):
        user.client("iam").get_access_key_last_used(AccessKeyId=user.id)


def test_aliases(iam):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="lake-team")
    assert iam.list_account_aliases()["AccountAliases"] == ["lake-team"]
    with refused("NoSuchEntity", status=404):
        iam.delete_account_alias(AccountAlias="another")
    iam.delete_account_alias(AccountAlias="lake-team")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_refusals_of_lists_name_the_path(iam, root):
    user = root.user()
    mine = user.client("iam")
    with denied_xml(user, "iam:ListUsers", f"arn:aws:iam::{root.account}:user/"):
        mine.list_users()
    with denied_xml(user, "iam:ListRoles", f"arn:aws:iam::{root.account}:role/team/"):
        mine.list_roles(PathPrefix="/team/")
    below = root.user(allow("iam:ListGroups", on=f"arn:aws:iam::{root.account}:group/*"))
    assert below.client("iam").list_groups()["Groups"] == []


def test_life_of_an_instance_profile(iam, root):
    role = root.role(name="machine", trusts=trust(service="ec2.amazonaws.com"))
    made = iam.create_instance_profile(InstanceProfileName="machines", Path="/m/", Tags=[{"Key": "team", "Value": "blue"}])["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{root.account}:instance-profile/m/machines" and made["InstanceProfileId"].startswith("AIPA")
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="machines", WaiterConfig={"Delay": 1, "MaxAttempts": 1})

    adder = root.user(allow("iam:AddRoleToInstanceProfile"))
    with denied_xml(adder, "iam:PassRole", role):
        adder.client("iam").add_role_to_instance_profile(InstanceProfileName="machines", RoleName="machine")
    passer = root.user(
        allow("iam:AddRoleToInstanceProfile"), allow("iam:PassRole", on=role, Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
    )
    passer.client("iam").add_role_to_instance_profile(InstanceProfileName="machines", RoleName="machine")
    held = iam.get_instance_profile(InstanceProfileName="machines")["InstanceProfile"]["Roles"]
    assert [(r["RoleName"], r["AssumeRolePolicyDocument"]["Version"]) for r in held] == [("machine", "2012-10-17")]
    assert [p["InstanceProfileName"] for p in iam.list_instance_profiles_for_role(RoleName="machine")["InstanceProfiles"]] == ["machines"]
    with refused("DeleteConflict", "must remove roles from instance profile first", 409):
        iam.delete_role(RoleName="machine")
    may = root.user(allow("iam:GetInstanceProfile", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}))
    assert may.client("iam").get_instance_profile(InstanceProfileName="machines")
    iam.untag_instance_profile(InstanceProfileName="machines", TagKeys=["team"])
    assert iam.list_instance_profile_tags(InstanceProfileName="machines")["Tags"] == []
    with refused("AccessDenied", "iam:GetInstanceProfile"):
        may.client("iam").get_instance_profile(InstanceProfileName="machines")
    iam.remove_role_from_instance_profile(InstanceProfileName="machines", RoleName="machine")
    iam.delete_instance_profile(InstanceProfileName="machines")
    iam.delete_role(RoleName="machine")


def test_tags_of_the_caller_and_the_request_decide(iam, root):
    abac = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    user = root.user(
        allow("iam:GetRole", Condition=abac),
        allow("iam:CreateRole", Condition={"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
        name="blue",
    )
    iam.tag_user(UserName="blue", Tags=[{"Key": "team", "Value": "blue"}])
    mine = user.client("iam")
    make = {"RoleName": "of-blue", "AssumeRolePolicyDocument": trust(root.account)}
    for tags in ([], [{"Key": "team", "Value": "red"}], [{"Key": "team", "Value": "blue"}, {"Key": "more", "Value": "x"}]):
        with refused("AccessDenied", "iam:CreateRole"):
            mine.create_role(**make, Tags=tags)
    mine.create_role(**make, Tags=[{"Key": "team", "Value": "blue"}])
    assert mine.get_role(RoleName="of-blue")["Role"]["Tags"] == [{"Key": "team", "Value": "blue"}]
    iam.tag_role(RoleName="of-blue", Tags=[{"Key": "team", "Value": "red"}])
    with refused("AccessDenied", "iam:GetRole"):
        mine.get_role(RoleName="of-blue")


def test_service_linked_roles(iam):
    role = iam.create_service_linked_role(AWSServiceName="lakeformation.amazonaws.com")["Role"]
    assert role["Path"] == "/aws-service-role/lakeformation.amazonaws.com/"
    name = role["RoleName"]
    with refused("UnmodifiableEntity", f"Cannot perform the operation on the protected role '{name}'", 400):
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("*")))
    with refused("UnmodifiableEntity"):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust("*"))
    with refused("InvalidInput", "has been taken in this account", 400):
        iam.create_service_linked_role(AWSServiceName="lakeformation.amazonaws.com")
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity"):
        iam.get_role(RoleName=name)


def test_authorization_details(iam, root):
    root.user(GET_USER, name="detailed")
    pages = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3})
    users = {u["UserName"]: u for page in pages for u in page["UserDetailList"]}
    assert users["detailed"]["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == ["iam:GetUser"]
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert only["UserDetailList"] == [] and only["RoleDetailList"] == []


def test_which_policies_grant_a_service(iam, root):
    user = root.user(allow("glue:Get*"), name="granted")
    answer = iam.list_policies_granting_service_access(Arn=user.arn, ServiceNamespaces=["s3", "glue"])["PoliciesGrantingServiceAccess"]
    found = {e["ServiceNamespace"]: [(p["PolicyName"], p["PolicyType"], p["EntityName"]) for p in e["Policies"]] for e in answer}
    assert found == {"glue": [("inline", "INLINE", "granted")], "s3": []}
    user.client("glue").get_databases()
    job = iam.generate_service_last_accessed_details(Arn=user.arn)["JobId"]
    details = iam.get_service_last_accessed_details(JobId=job)
    assert details["JobStatus"] == "COMPLETED"
    assert [(s["ServiceNamespace"], s["LastAuthenticatedEntity"]) for s in details["ServicesLastAccessed"]] == [("glue", user.arn)]
    entities = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="glue")["EntityDetailsList"]
    assert [e["EntityInfo"]["Name"] for e in entities] == ["granted"]


def test_entities_of_a_policy(iam, root):
    arn = iam.create_policy(PolicyName="everywhere", PolicyDocument=document(GET_USER))["Policy"]["Arn"]
    root.user(name="holder")
    root.user(name="bounded", boundary=arn)
    iam.attach_user_policy(UserName="holder", PolicyArn=arn)

    def users(**more):
        pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn, PaginationConfig={"PageSize": 1}, **more)
        return [u["UserName"] for page in pages for u in page["PolicyUsers"]]

    assert sorted(users()) == ["bounded", "holder"]
    assert users(PolicyUsageFilter="PermissionsBoundary") == ["bounded"]
    assert users(PolicyUsageFilter="PermissionsPolicy") == ["holder"]
    assert users(EntityFilter="Role") == []
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1


def test_a_policy_of_aws_cannot_be_changed(iam):
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    for call in (
        lambda: iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(GET_USER)),
        lambda: iam.delete_policy(PolicyArn=arn),
        lambda: iam.set_default_policy_version(PolicyArn=arn, VersionId="v1"),
        lambda: iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "b"}]),
    ):
        with refused("AccessDenied", status=403):
            call()


def test_life_of_a_password(iam, root):
    user = root.user(name="signs-in")
    with refused("NoSuchEntity", f"The Password Policy with domain name {root.account} cannot be found.", 404):
        iam.get_account_password_policy()
    with refused("PasswordPolicyViolation", "minimum length of 8", 400):
        iam.create_login_profile(UserName="signs-in", Password="Short1!")
    made = iam.create_login_profile(UserName="signs-in", Password="A-first-one-1", PasswordResetRequired=True)["LoginProfile"]
    assert made["PasswordResetRequired"] is True
    with refused("EntityAlreadyExists", "Login Profile for user signs-in already exists.", 409):
        iam.create_login_profile(UserName="signs-in", Password="A-first-one-1")
    change = {"OldPassword": "A-first-one-1", "NewPassword": "A-second-one-2"}
    with denied_xml(user, "iam:ChangePassword", user.arn):
        user.client("iam").change_password(**change)
    iam.update_account_password_policy(MinimumPasswordLength=10, AllowUsersToChangePassword=True, MaxPasswordAge=90)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"], policy["RequireNumbers"]) == (10, True, False)
    with refused("AccessDenied", "entered an invalid password"):
        user.client("iam").change_password(OldPassword="wrong", NewPassword="A-second-one-2")
    user.client("iam").change_password(**change)
    assert iam.get_login_profile(UserName="signs-in")["LoginProfile"]["PasswordResetRequired"] is False
    iam.put_user_policy(UserName="signs-in", PolicyName="no", PolicyDocument=document(deny("iam:ChangePassword")))
    with refused("AccessDenied", "explicit deny"):
        user.client("iam").change_password(OldPassword="A-second-one-2", NewPassword="A-third-one-3")
    iam.delete_login_profile(UserName="signs-in")
    with refused("NoSuchEntity", "Login Profile for User signs-in cannot be found.", 404):
        iam.get_login_profile(UserName="signs-in")
    iam.delete_account_password_policy()


def code(seed, steps=0):
    """What a phone shows (RFC 6238), now or some steps from now."""
    at = int(time.time()) // 30 + steps
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", at), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_device_proves_who_calls(iam, root):
    present = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    user = root.user(
        allow("glue:GetDatabases", Condition={**present, "NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}), allow("sts:AssumeRole"), name="mfa",
    )
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    assert serial == f"arn:aws:iam::{root.account}:mfa/phone" and made["QRCodePNG"].startswith(b"\x89PNG")
    with refused("InvalidAuthenticationCode", "Authentication code for device is not valid.", 403):
        iam.enable_mfa_device(UserName="mfa", SerialNumber=serial, AuthenticationCode1="000000", AuthenticationCode2="000001")
    iam.enable_mfa_device(UserName="mfa", SerialNumber=serial, AuthenticationCode1=code(seed, -2), AuthenticationCode2=code(seed, -1))
    assert [d["SerialNumber"] for d in iam.list_mfa_devices(UserName="mfa")["MFADevices"]] == [serial]
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert [(d["SerialNumber"], d["User"]["UserName"]) for d in assigned] == [(serial, "mfa")]

    with refused("AccessDeniedException"):
        user.client("glue").get_databases()
    sts, now = user.client("sts"), code(seed)
    with refused("AccessDenied", "invalid MFA one time pass code", 403):
        sts.get_session_token(SerialNumber=serial, TokenCode="000000")
    proved = user.with_session(sts.get_session_token(SerialNumber=serial, TokenCode=now))
    assert proved.client("glue").get_databases()["DatabaseList"] == []
    with refused("AccessDenied", "invalid MFA one time pass code", 403):
        sts.get_session_token(SerialNumber=serial, TokenCode=now)

    role = root.role(trusts=trust(user.arn, Condition=present))
    with refused("AccessDenied", "sts:AssumeRole"):
        user.assume(role)
    with refused("AccessDenied"):
        user.assume(role, SerialNumber=serial, TokenCode=now)
    assert user.assume(role, SerialNumber=serial, TokenCode=code(seed, 1)).token

    other = root.user(name="other-mfa")
    with refused("AccessDenied", "invalid MFA one time pass code"):
        other.client("sts").get_session_token(SerialNumber=serial, TokenCode=code(seed, 1))
    with refused("DeleteConflict", status=409):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.deactivate_mfa_device(UserName="mfa", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_the_credential_report(iam, root):
    with refused("ReportNotPresent", status=410):
        iam.get_credential_report()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    rows = {r["user"]: r for r in csv.DictReader(io.StringIO(report["Content"].decode()))}
    assert rows["<root_account>"]["access_key_1_active"] == "true"
    assert (rows["lastused"]["access_key_1_last_used_service"], rows["lastused"]["mfa_active"]) == ("iam", "false")


def test_federated_users_have_what_both_allow(root):
    user = root.user(allow("glue:*", "iam:*", "sts:GetFederationToken"), name="federator")
    sts = user.client("sts")
    answer = sts.get_federation_token(Name="guest", Policy=document(allow("glue:GetDatabases", "iam:GetUser", "s3:*")))
    assert answer["FederatedUser"] == {"FederatedUserId": f"{root.account}:guest", "Arn": f"arn:aws:sts::{root.account}:federated-user/guest"}
    guest = user.with_session(answer)
    assert guest.client("sts").get_caller_identity()["Arn"] == guest.arn
    assert guest.client("glue").get_databases()["DatabaseList"] == []
    for call in (lambda: guest.client("glue").get_crawlers(), lambda: guest.client("glue").get_connections()):
        with refused("AccessDeniedException", f"User: {guest.arn} is not authorized to perform: glue:Get"):
            call()
    with refused("AccessDenied", "explicit deny"):
        guest.client("iam").get_user(UserName="federator")
    with refused("AccessDenied"):
        guest.client("s3").list_buckets()
    without = user.with_session(sts.get_federation_token(Name="bare"))
    with refused("AccessDeniedException"):
        without.client("glue").get_databases()
    with refused("AccessDenied"):
        guest.client("sts").get_federation_token(Name="another")
    root.client("iam").delete_user_policy(UserName="federator", PolicyName="inline")
    with refused("AccessDeniedException"):
        guest.client("glue").get_databases()


def test_roots_key_can_be_deleted(server):
    owner = server.account_create("rootless")
    admin = owner.user(allow("*"), name="keeper")
    owner.client("iam").delete_access_key(AccessKeyId=owner.id)
    with refused("InvalidClientTokenId", status=403):
        owner.client("sts").get_caller_identity()
    assert admin.client("iam").get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 0
    assert admin.client("iam").list_users()["Users"][0]["UserName"] == "keeper"


def test_a_refusal_is_decoded_in_its_account(root, second):
    user = root.user(allow("glue:*", Condition={"StringEquals": {"aws:username": "somebody"}}), deny("glue:GetTables", Sid="NoTables"), name="refused")
    with refused("AccessDeniedException", "explicit deny") as caught:
        user.client("glue").get_tables(DatabaseName="d")
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    told = json.loads(root.client("sts").decode_authorization_message(EncodedMessage=request)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"], told["context"]["action"]) == (False, True, "glue:GetTables")
    assert told["context"]["principal"]["arn"] == user.arn
    assert [s["statementId"] for s in told["matchedStatements"]["items"]] == ["NoTables"]
    assert told["context"]["conditions"]["items"] == [{"key": "aws:username", "values": {"items": [{"value": "refused"}]}}]
    with denied_xml(user, "sts:DecodeAuthorizationMessage", "*"):
        user.client("sts").decode_authorization_message(EncodedMessage=request)
    for keys, text in ((second, request), (root, "nonsense")):
        with refused("InvalidAuthorizationMessageException", status=400):
            keys.client("sts").decode_authorization_message(EncodedMessage=text)


class Issuer:
    """An OpenID Connect provider on this machine, with a certificate of its own making."""

    def __init__(self, folder):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), "one"
        cert, key = self._certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(issuer.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _certificate(self, folder):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.timezone.utc)
        cert = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(key, hashes.SHA256())
        )
        self.thumbprint = cert.fingerprint(hashes.SHA1()).hex()
        (folder / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        (folder / "key.pem").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return folder / "cert.pem", folder / "key.pem"

    def answer(self, path):
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": self.url + "/keys"}
        n = self.key.public_key().public_numbers()
        return {"keys": [{"kty": "EC", "crv": "P-256", "kid": self.name, "x": b64(n.x.to_bytes(32)), "y": b64(n.y.to_bytes(32))}]}

    def token(self, header=None, **claims):
        now = int(time.time())
        head = {"alg": "ES256", "kid": self.name, **(header or {})}
        body = {"iss": self.url, "aud": "lake", "sub": "job:nightly", "iat": now, "exp": now + 600, **claims}
        text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(body).encode())
        r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + b64(r.to_bytes(32) + s.to_bytes(32))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    i = Issuer(tmp_path_factory.mktemp("issuer"))
    yield i
    i.server.shutdown()


def test_a_role_for_web_identities(iam, root, issuer):
    sts = root.client("sts", config=Config(signature_version=UNSIGNED))
    name = issuer.url.removeprefix("https://")

    def assume(role, token):
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="ci", WebIdentityToken=token)

    provider = f"arn:aws:iam::{root.account}:oidc-provider/{name}"
    trusts = document({
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:aud": "lake"}, "StringLike": {f"{name}:sub": "job:*"}},
    }).replace('"Resource": "*", ', "")
    role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=trusts)["Role"]["Arn"]
    iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=document(allow("glue:GetDatabases", Condition={"StringEquals": {"aws:FederatedProvider": provider}})))
    with refused("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer.url}", 400):
        assume(role, issuer.token())

    made = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["other"], ThumbprintList=["0" * 40])
    assert made["OpenIDConnectProviderArn"] == provider
    with refused("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider", 400):
        assume(role, issuer.token())
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=[issuer.thumbprint])
    with refused("InvalidIdentityToken", "Incorrect token audience", 400):
        assume(role, issuer.token())
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="lake")

    answer = assume(role, issuer.token())
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"], answer["Provider"]) == ("job:nightly", "lake", provider)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{root.account}:assumed-role/web/ci"
    assert root.with_session(answer).client("glue").get_databases()["DatabaseList"] == []

    for token in (issuer.token(sub="person:eve"), issuer.token(aud="other")):
        with refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403):
            assume(role, token)
    with refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403):
        assume(role.replace("/web", "/missing"), issuer.token())
    with refused("ExpiredTokenException", "must be before the expiration date/time", 400):
        assume(role, issuer.token(iat=int(time.time()) - 600, exp=int(time.time()) - 1))
    head, body, signature = issuer.token().split(".")
    forged = b64(b'{"alg":"none"}') + "." + body + "."
    for token in (forged, head + "." + b64(json.dumps({"iss": issuer.url, "aud": "lake", "sub": "job:x", "exp": int(time.time()) + 60}).encode()) + "." + signature):
        with refused("InvalidIdentityToken", status=400):
            assume(role, token)
    with refused("InvalidIdentityToken", "The ID Token provided is not a valid JWT."):
        assume(role, "nonsense")

    issuer.key, issuer.name = ec.generate_private_key(ec.SECP256R1()), "two"
    assert assume(role, issuer.token())["Credentials"]["SessionToken"]
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert listed == [{"Arn": provider}]
    got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert (got["Url"], got["ClientIDList"], got["ThumbprintList"]) == (name, ["other", "lake"], [issuer.thumbprint])
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with refused("InvalidIdentityToken", "No OpenIDConnect provider found"):
        assume(role, issuer.token())


WAYS_UP = {
    "create_login_profile": {"UserName": "admin", "Password": "A-password-1"},
    "update_login_profile": {"UserName": "admin", "Password": "A-password-1"},
    "delete_login_profile": {"UserName": "admin"},
    "enable_mfa_device": {"UserName": "admin", "SerialNumber": "arn:aws:iam::111122223333:mfa/x", "AuthenticationCode1": "123456", "AuthenticationCode2": "123456"},
    "deactivate_mfa_device": {"UserName": "admin", "SerialNumber": "arn:aws:iam::111122223333:mfa/x"},
    "resync_mfa_device": {"UserName": "admin", "SerialNumber": "arn:aws:iam::111122223333:mfa/x", "AuthenticationCode1": "123456", "AuthenticationCode2": "123456"},
    "create_virtual_mfa_device": {"VirtualMFADeviceName": "x"},
    "create_instance_profile": {"InstanceProfileName": "x"},
    "add_role_to_instance_profile": {"InstanceProfileName": "x", "RoleName": "y"},
    "create_service_linked_role": {"AWSServiceName": "athena.amazonaws.com"},
    "delete_service_linked_role": {"RoleName": "x"},
    "create_open_id_connect_provider": {"Url": "https://evil.example"},
    "add_client_id_to_open_id_connect_provider": {"OpenIDConnectProviderArn": "arn:aws:iam::111122223333:oidc-provider/x.example", "ClientID": "c"},
    "update_open_id_connect_provider_thumbprint": {"OpenIDConnectProviderArn": "arn:aws:iam::111122223333:oidc-provider/x.example", "ThumbprintList": ["0" * 40]},
    "tag_role": {"RoleName": "x", "Tags": [{"Key": "team", "Value": "admins"}]},
    "tag_user": {"UserName": "x", "Tags": [{"Key": "team", "Value": "admins"}]},
    "update_account_password_policy": {"MinimumPasswordLength": 6},
    "create_account_alias": {"AccountAlias": "phish"},
    "generate_credential_report": {},
}


@pytest.fixture(scope="module")
def climber(root, admin):
    return root.user(allow("iam:List*", "iam:Simulate*", "glue:*", "s3:*", "sts:*"), name="climber")


@pytest.mark.parametrize("operation", WAYS_UP)
def test_ways_up_need_exactly_their_action(operation, climber):
    words = {"mfa": "MFA", "open": "Open", "id": "ID"}
    action = "iam:" + "".join(words.get(word, word.capitalize()) for word in operation.split("_"))
    with refused("AccessDenied", f"is not authorized to perform: {action} on resource: ", 403):
        getattr(climber.client("iam"), operation)(**WAYS_UP[operation])
