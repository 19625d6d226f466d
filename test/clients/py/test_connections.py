"""User-defined functions and connections through boto3. TestConnection really dials: the
databases are those of tools/databases-test.sh."""

import os
import pathlib
import shutil

import pytest

from identity import allow, deny
from refusal import refused
from server import Server

PASSWORD = "s3cret-ada"
DATABASES = os.environ.get("BINDERY_TEST_DATABASES")


@pytest.fixture(scope="module")
def server():
    s = Server.start(None, "--dial-allow", "127.0.0.0/8")
    yield s
    assert s.stop() == 0, s.output()


@pytest.fixture(scope="module")
def glue(admin):
    return admin.client("glue")


@pytest.fixture(scope="module")
def databases():
    if not DATABASES:
        pytest.skip("BINDERY_TEST_DATABASES is not set, so no real database was tested (tools/databases-test.sh start gives some)")
    folder = pathlib.Path(DATABASES)
    return {"ca": (folder / "ca.pem").read_bytes(), **{n: (folder / f"port.{n}").read_text().strip() for n in ("postgres", "mariadb")}}


def jdbc(url, password=PASSWORD, user="ada", **more):
    return {"ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": url, "USERNAME": user, "PASSWORD": password, **more}}


def arn(admin, suffix):
    return f"arn:aws:glue:us-east-1:{admin.account}:{suffix}"


def test_functions(glue, admin):
    for name in ("sales", "art"):
        glue.create_database(DatabaseInput={"Name": name})
    glue.create_user_defined_function(DatabaseName="sales", FunctionInput={
        "FunctionName": "toEUR", "ClassName": "org.example.ToEur", "OwnerName": "ada", "OwnerType": "USER",
        "ResourceUris": [{"ResourceType": "JAR", "Uri": "s3://code/a.jar"}]})
    glue.create_user_defined_function(DatabaseName="art", FunctionInput={"FunctionName": "hue", "FunctionType": "AGGREGATE_FUNCTION"})
    got = glue.get_user_defined_function(DatabaseName="SALES", FunctionName="TOEUR")["UserDefinedFunction"]
    assert got["FunctionName"] == "toeur" and got["ResourceUris"] == [{"ResourceType": "JAR", "Uri": "s3://code/a.jar"}]
    pages = glue.get_paginator("get_user_defined_functions").paginate(Pattern="*", PaginationConfig={"PageSize": 1})
    assert [f["FunctionName"] for p in pages for f in p["UserDefinedFunctions"]] == ["hue", "toeur"]
    with refused("AlreadyExistsException"):
        glue.create_user_defined_function(DatabaseName="sales", FunctionInput={"FunctionName": "TOEUR"})
    reader = admin.user(allow("glue:Get*", on="*"), deny("glue:*", on=arn(admin, "userDefinedFunction/art/*"))).client("glue")
    assert [f["FunctionName"] for f in reader.get_user_defined_functions(Pattern="*")["UserDefinedFunctions"]] == ["toeur"]
    with refused("AccessDeniedException"):
        reader.delete_user_defined_function(DatabaseName="sales", FunctionName="toeur")
    # A rename needs both names.
    writer = admin.user(allow("glue:*", on=[arn(admin, r) for r in ("catalog", "database/sales", "userDefinedFunction/sales/toeur")])).client("glue")
    with refused("AccessDeniedException"):
        writer.update_user_defined_function(DatabaseName="sales", FunctionName="toeur", FunctionInput={"FunctionName": "other"})
    writer.update_user_defined_function(DatabaseName="sales", FunctionName="toeur", FunctionInput={"ClassName": "org.example.New"})
    # A function that may not be deleted keeps its database.
    keeper = admin.user(allow("glue:*", on="*"), deny("glue:DeleteDatabase", on=arn(admin, "userDefinedFunction/sales/toeur"))).client("glue")
    with refused("AccessDeniedException"):
        keeper.delete_database(Name="sales")
    glue.delete_user_defined_function(DatabaseName="sales", FunctionName="toeur")
    keeper.delete_database(Name="sales")


def test_connections(glue, admin):
    glue.create_connection(ConnectionInput={"Name": "shop", **jdbc("jdbc:postgresql://db.example/shop"), "MatchCriteria": ["a"],
                                            "PhysicalConnectionRequirements": {"SubnetId": "subnet-1"}}, Tags={"team": "blue"})
    glue.create_connection(ConnectionInput={"Name": "events", "ConnectionType": "KAFKA", "ConnectionProperties": {"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}})
    with refused("AlreadyExistsException"):
        glue.create_connection(ConnectionInput={"Name": "shop", **jdbc("jdbc:postgresql://db.example/shop")})
    assert glue.get_connection(Name="shop")["Connection"]["ConnectionProperties"]["PASSWORD"] == PASSWORD
    assert "PASSWORD" not in glue.get_connection(Name="shop", HidePassword=True)["Connection"]["ConnectionProperties"]
    assert [c["Name"] for c in glue.get_connections(Filter={"ConnectionType": "KAFKA"})["ConnectionList"]] == ["events"]
    pages = glue.get_paginator("get_connections").paginate(PaginationConfig={"PageSize": 1})
    assert [c["Name"] for p in pages for c in p["ConnectionList"]] == ["events", "shop"]
    assert glue.get_tags(ResourceArn=arn(admin, "connection/shop"))["Tags"] == {"team": "blue"}
    one = admin.user(allow("glue:*", on=[arn(admin, r) for r in ("catalog", "connection/events")])).client("glue")
    assert [c["Name"] for c in one.get_connections()["ConnectionList"]] == ["events"]
    with refused("AccessDeniedException"):
        one.get_connection(Name="shop")
    with refused("AccessDeniedException"):
        one.batch_delete_connection(ConnectionNameList=["events", "shop"])
    assert len(glue.get_connections()["ConnectionList"]) == 2, "a batch that is refused in part deletes nothing"
    got = glue.batch_delete_connection(ConnectionNameList=["events", "none"])
    assert got["Succeeded"] == ["events"] and got["Errors"]["none"]["ErrorCode"] == "EntityNotFoundException"


def test_dialling(glue, admin, databases):
    at = f"jdbc:postgresql://127.0.0.1:{databases['postgres']}"
    glue.create_connection(ConnectionInput={"Name": "pg", **jdbc(f"{at}/shop")})
    glue.test_connection(ConnectionName="pg")
    seen = glue.get_connection(Name="pg")["Connection"]
    assert seen["Status"] == "READY" and seen["LastConnectionValidationTime"]
    for definition, message in [
        (jdbc(f"{at}/shop", password="guess"), "failed at stage AUTHENTICATION: the user name or the password is wrong. Stages passed: DNS (1 addresses), TCP, TLS (encrypted)."),
        (jdbc(f"{at}/none"), "failed at stage AUTHENTICATION: the database does not exist"),
        (jdbc(f"{at}/shop?sslmode=disable", user="tess"), "failed at stage AUTHENTICATION: the server does not let this user in"),
        (jdbc(f"{at}/shop", JDBC_ENFORCE_SSL="true"), "failed at stage TLS: the server's certificate is not signed by a trusted authority"),
        (jdbc("jdbc:postgresql://127.0.0.1:1/shop"), "failed at stage TCP: the connection was refused"),
        (jdbc("jdbc:postgresql://nobody.invalid/shop"), "failed at stage DNS: the host name"),
        (jdbc("jdbc:postgresql://169.254.169.254/shop"), "failed at stage DNS: this server does not connect to metadata addresses"),
        (jdbc("jdbc:postgresql://10.0.0.1/shop"), "failed at stage DNS: this server does not connect to private addresses unless"),
    ]:
        with refused("InvalidInputException", message):
            glue.test_connection(TestConnectionInput=definition)
    glue.test_connection(TestConnectionInput=jdbc(f"jdbc:mysql://127.0.0.1:{databases['mariadb']}/shop"))
    with refused("InvalidInputException", "failed at stage AUTHENTICATION"):
        glue.test_connection(TestConnectionInput=jdbc(f"jdbc:mysql://127.0.0.1:{databases['mariadb']}/shop", password="guess"))
    glue.test_connection(TestConnectionInput={"ConnectionType": "POSTGRESQL", "ConnectionProperties": {
        "HOST": "127.0.0.1", "PORT": databases["postgres"], "DATABASE": "shop"}, "AuthenticationConfiguration": {
            "AuthenticationType": "BASIC", "BasicAuthenticationCredentials": {"Username": "ada", "Password": PASSWORD}}})
    glue.test_connection(TestConnectionInput={"ConnectionType": "NETWORK", "ConnectionProperties": {"HOST": "127.0.0.1", "PORT": databases["mariadb"]}})


def test_a_failed_test_is_kept(glue, databases):
    glue.create_connection(ConnectionInput={"Name": "bad", **jdbc(f"jdbc:postgresql://127.0.0.1:{databases['postgres']}/none")})
    with refused("InvalidInputException", "AUTHENTICATION"):
        glue.test_connection(ConnectionName="bad")
    seen = glue.get_connection(Name="bad")["Connection"]
    assert seen["Status"] == "FAILED" and "the database does not exist" in seen["StatusReason"] and PASSWORD not in seen["StatusReason"]


def test_a_certificate_is_read_as_the_caller(glue, admin, databases):
    s3 = admin.client("s3")
    s3.create_bucket(Bucket="certs")
    s3.put_object(Bucket="certs", Key="ca.pem", Body=databases["ca"])
    s3.put_object(Bucket="certs", Key="junk.pem", Body=b"junk")
    at = f"jdbc:postgresql://127.0.0.1:{databases['postgres']}/shop"
    good = jdbc(at, JDBC_ENFORCE_SSL="true", CUSTOM_JDBC_CERT="s3://certs/ca.pem")
    glue.test_connection(TestConnectionInput=good)
    with refused("InvalidInputException", "failed at stage TLS: the server's certificate is for another host"):
        glue.test_connection(TestConnectionInput=jdbc(at, JDBC_ENFORCE_SSL="true", CUSTOM_JDBC_CERT="s3://certs/ca.pem", CUSTOM_JDBC_CERT_STRING="db.example"))
    for key, message in (("none.pem", "does not exist"), ("junk.pem", "X.509")):
        with refused("InvalidInputException", message):
            glue.test_connection(TestConnectionInput=jdbc(at, CUSTOM_JDBC_CERT=f"s3://certs/{key}"))
    with refused("AccessDeniedException"):
        admin.user(allow("glue:TestConnection", on="*")).client("glue").test_connection(TestConnectionInput=good)


def test_who_may_test(glue, admin, databases):
    caller = admin.user(allow("glue:TestConnection", on=arn(admin, "connection/pg"))).client("glue")
    caller.test_connection(ConnectionName="pg")
    for request in ({"ConnectionName": "bad"}, {"TestConnectionInput": jdbc("jdbc:postgresql://127.0.0.1:1/x")}):
        with refused("AccessDeniedException"):
            caller.test_connection(**request)
    with refused("InvalidInputException", "Exactly one"):
        glue.test_connection(ConnectionName="pg", TestConnectionInput=jdbc("jdbc:postgresql://127.0.0.1:1/x"))
    with refused("EntityNotFoundException"):
        glue.test_connection(ConnectionName="none")


@pytest.mark.parametrize("definition, code, message", [
    ({"ConnectionType": "MONGODB", "ConnectionProperties": {"CONNECTION_URL": "mongodb://h/d", "USERNAME": "u", "PASSWORD": "p"}},
     "UnsupportedOperationException", "ConnectionType MONGODB"),
    (jdbc("jdbc:oracle:thin://@h:1521/s"), "UnsupportedOperationException", "JDBC_ENGINE oracle"),
    (jdbc("jdbc:postgresql://h/d?socketFactory=org.example.Evil"), "UnsupportedOperationException", "parameters of JDBC_CONNECTION_URL"),
    (jdbc("jdbc:mysql://h/d?allowLoadLocalInfile=true"), "UnsupportedOperationException", "parameters of JDBC_CONNECTION_URL"),
    (jdbc("jdbc:h2:mem:x;INIT=RUNSCRIPT FROM 'http://h/x'"), "InvalidInputException", "not known"),
    (jdbc("jdbc:postgresql:///etc/passwd"), "InvalidInputException", "must have the form"),
    (jdbc("jdbc:postgresql://u:p@h/d"), "InvalidInputException", "must not hold credentials"),
    (jdbc("jdbc:postgresql://%2Ftmp%2Fsocket/d"), "InvalidInputException", ""),
    ({"ConnectionType": "NETWORK", "ConnectionProperties": {"HOST": "/tmp/socket", "PORT": "1"}}, "InvalidInputException", "host name"),
    ({"ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:mysql://h/d", "SECRET_ID": "s"}},
     "UnsupportedOperationException", "SECRET_ID"),
])
def test_what_is_not_dialled(glue, definition, code, message):
    with refused(code, message):
        glue.test_connection(TestConnectionInput=definition)


def test_the_server_does_not_dial_itself(server, glue):
    host, port = server.address
    for name in (host, "localhost", "127.0.0.2"):
        with refused("InvalidInputException", "this server does not connect to"):
            glue.test_connection(TestConnectionInput={"ConnectionType": "NETWORK", "ConnectionProperties": {"HOST": name, "PORT": str(port)}})


def test_loopback_is_closed_until_it_is_opened():
    s = Server.start()
    try:
        with refused("InvalidInputException", "does not connect to loopback addresses unless its operator allows their range (--dial-allow)"):
            s.admin().client("glue").test_connection(TestConnectionInput={
                "ConnectionType": "NETWORK", "ConnectionProperties": {"HOST": "127.0.0.1", "PORT": "1"}})
    finally:
        assert s.stop() == 0


def test_no_password_is_written_in_clear(server, glue):
    canary, name = b"canary-7f3a91", b"found-by-its-name"
    glue.create_connection(ConnectionInput={"Name": name.decode(), **jdbc("jdbc:postgresql://127.0.0.1:1/x", password=canary.decode())})
    glue.update_connection(Name=name.decode(), ConnectionInput={"Name": name.decode(), **jdbc("jdbc:postgresql://127.0.0.1:1/x?ssl=false", password=canary.decode())})
    with refused("InvalidInputException", "stage TCP"):
        glue.test_connection(ConnectionName=name.decode())
    with refused("ValidationException"):
        glue.create_connection(ConnectionInput={"Name": "x", "ConnectionType": "JDBC", "ConnectionProperties": {"PASSWORT": canary.decode()}})
    glue.delete_connection(ConnectionName=name.decode())
    server.own = False  # what it wrote stays after it has ended
    assert server.stop() == 0
    try:
        files = {str(f): f.read_bytes() for f in server.folder.parent.rglob("*") if f.is_file()}
        assert any(name in text for path, text in files.items() if "bindery.db" in path), "the search finds what is in clear"
        assert any(name in text for path, text in files.items() if "audit" in path), "the audit trail was searched"
        assert [path for path, text in files.items() if canary in text] == []
    finally:
        shutil.rmtree(server.folder.parent)
