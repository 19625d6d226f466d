"""A narrow role with exactly the permissions that dbt-athena documents, bound to one
workgroup, one database, one bucket of data and one of results: it does what it may,
and is refused everything else in AWS's words. Then the reverse: without rights,
nothing can be learnt from any read operation.
"""

import pytest
from botocore.config import Config

import lake
from identity import allow
from refusal import denied, denied_xml, refused
from server import ROOT

OUT = "s3://results/dbt/"


@pytest.fixture(scope="module")
def world(admin):
    """Two databases, each with its bucket; the role may use the first."""
    lake.fill(admin, "mine", "sales")
    lake.fill(admin, "theirs", "hr")
    admin.client("s3").create_bucket(Bucket="results")
    return admin


@pytest.fixture(scope="module")
def dbt(world):
    text = (ROOT / "examples" / "dbt-athena" / "policy.json").read_text()
    for name, value in {"REGION": "us-east-1", "ACCOUNT": world.account, "WORKGROUP": "primary", "DATABASE": "sales",
                        "DATA_BUCKET": "mine", "RESULT_BUCKET": "results"}.items():
        text = text.replace(name, value)
    role = world.role(name="dbt")
    world.client("iam").put_role_policy(RoleName="dbt", PolicyName="documented", PolicyDocument=text)
    return world.assume(role, "nightly")


def arn(keys, service, rest):
    return f"arn:aws:{service}:us-east-1:{keys.account}:{rest}"


# What it may


def test_it_asks(dbt):
    athena = dbt.client("athena")
    assert athena.get_work_group(WorkGroup="primary")["WorkGroup"]["Name"] == "primary"
    got = lake.run(athena, "select region, sum(price) from orders group by 1 order by 1", "sales", OUT)
    assert lake.rows(athena, got) == [["eu", "3.75"], ["us", "10.00"]]


def test_it_reads_the_catalog(dbt):
    glue = dbt.client("glue")
    assert glue.get_database(Name="sales")["Database"]["Name"] == "sales"
    assert [t["Name"] for t in glue.get_tables(DatabaseName="sales")["TableList"]] == ["orders"]
    assert glue.get_table(DatabaseName="sales", Name="orders")["Table"]["VersionId"] == "0"
    assert len(glue.get_partitions(DatabaseName="sales", TableName="orders", Expression="region='eu'")["Partitions"]) == 1
    assert len(glue.get_table_versions(DatabaseName="sales", TableName="orders")["TableVersions"]) == 1


def test_it_swaps_tables(dbt):
    """The life of a dbt model: made, changed, its partitions and old versions removed, dropped."""
    glue = dbt.client("glue")
    made = lake.csv_table("model", "s3://mine/sales/model/", [("id", "bigint")], [("day", "date")])
    glue.create_table(DatabaseName="sales", TableInput=made)
    at = {"DatabaseName": "sales", "TableName": "model"}
    days = [f"2024-01-{d:02}" for d in range(1, 31)]
    assert not glue.batch_create_partition(**at, PartitionInputList=[{"Values": [d]} for d in days]).get("Errors")
    glue.update_table(DatabaseName="sales", TableInput={**made, "Description": "new"})
    for n in range(0, 30, 25):
        assert not glue.batch_delete_partition(**at, PartitionsToDelete=[{"Values": [d]} for d in days[n:n + 25]]).get("Errors")
    glue.delete_table_version(**at, VersionId="0")
    glue.delete_table(DatabaseName="sales", Name="model")


def test_it_uploads_seeds_and_cleans_up(dbt):
    s3 = dbt.client("s3")
    s3.put_object(Bucket="results", Key="seeds/a.csv", Body=b"1")
    assert s3.list_objects_v2(Bucket="results", Prefix="seeds/")["KeyCount"] == 1
    assert not s3.delete_objects(Bucket="results", Delete={"Objects": [{"Key": "seeds/a.csv"}]}).get("Errors")
    assert s3.get_object(Bucket="mine", Key="sales/orders/region=us/part-0.csv")["Body"].read() == b"3,plum,10\n"


# What it may not


FORBIDDEN = {
    "another database": ("glue", "get_database", {"Name": "hr"}, "glue:GetDatabase", "glue", "database/hr"),
    "a table of another database": ("glue", "get_table", {"DatabaseName": "hr", "Name": "orders"}, "glue:GetTable", "glue", "database/hr"),
    "in other letters": ("glue", "get_table", {"DatabaseName": "HR", "Name": "ORDERS"}, "glue:GetTable", "glue", "database/hr"),
    "partitions of another database": ("glue", "get_partitions", {"DatabaseName": "hr", "TableName": "orders"}, "glue:GetPartitions", "glue", "database/hr"),
    "dropping the database": ("glue", "delete_database", {"Name": "sales"}, "glue:DeleteDatabase", "glue", "catalog"),
    "changing the database": ("glue", "update_database", {"Name": "sales", "DatabaseInput": {"Name": "sales"}}, "glue:UpdateDatabase", "glue", "catalog"),
    "a table elsewhere": ("glue", "create_table", {"DatabaseName": "hr", "TableInput": {"Name": "x"}}, "glue:CreateTable", "glue", "database/hr"),
    "a crawler": ("glue", "get_crawler", {"Name": "x"}, "glue:GetCrawler", "glue", "crawler/x"),
    "another workgroup": ("athena", "get_work_group", {"WorkGroup": "other"}, "athena:GetWorkGroup", "athena", "workgroup/other"),
    "changing the workgroup": ("athena", "update_work_group", {"WorkGroup": "primary"}, "athena:UpdateWorkGroup", "athena", "workgroup/primary"),
    "other catalogs": ("athena", "list_databases", {"CatalogName": "AwsDataCatalog"}, "athena:ListDatabases", "athena", "datacatalog/AwsDataCatalog"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_it_may_not(dbt, case):
    service, operation, given, action, kind, resource = FORBIDDEN[case]
    with denied(dbt, action, arn(dbt, kind, resource), f"because no identity-based policy allows the {action} action"):
        getattr(dbt.client(service), operation)(**given)


OBJECTS = {
    "reading another bucket": ("get_object", {"Bucket": "theirs", "Key": "hr/orders/region=us/part-0.csv"}, "s3:GetObject", "theirs/hr/orders/region=us/part-0.csv"),
    "listing another bucket": ("list_objects_v2", {"Bucket": "theirs"}, "s3:ListBucket", "theirs"),
    "writing the data": ("put_object", {"Bucket": "mine", "Key": "sales/x", "Body": b""}, "s3:PutObject", "mine/sales/x"),
    "deleting the data": ("delete_object", {"Bucket": "mine", "Key": "sales/x"}, "s3:DeleteObject", "mine/sales/x"),
    "a bucket of its own": ("create_bucket", {"Bucket": "my-own"}, "s3:CreateBucket", "my-own"),
    "the bucket's policy": ("get_bucket_policy", {"Bucket": "mine"}, "s3:GetBucketPolicy", "mine"),
    "a policy on the results": ("put_bucket_policy", {"Bucket": "results", "Policy": "{}"}, "s3:PutBucketPolicy", "results"),
    "the tags of an object": ("get_object_tagging", {"Bucket": "mine", "Key": "sales/orders/region=us/part-0.csv"}, "s3:GetObjectTagging", "mine/sales/orders/region=us/part-0.csv"),
}


@pytest.mark.parametrize("case", OBJECTS)
def test_it_may_not_with_objects(dbt, case):
    operation, given, action, resource = OBJECTS[case]
    with denied_xml(dbt, action, f"arn:aws:s3:::{resource}", f"because no identity-based policy allows the {action} action"):
        getattr(dbt.client("s3"), operation)(**given)


@pytest.mark.parametrize("operation, given", [
    ("list_users", {}), ("create_user", {"UserName": "x"}), ("get_role", {"RoleName": "dbt"}),
    ("put_role_policy", {"RoleName": "dbt", "PolicyName": "p", "PolicyDocument": "{}"}),
])
def test_it_may_nothing_in_iam(dbt, operation, given):
    with refused("AccessDenied", f"User: {dbt.arn} is not authorized to perform: iam:", 403):
        getattr(dbt.client("iam"), operation)(**given)


def test_listings_leave_out_what_is_not_its_own(dbt):
    assert [d["Name"] for d in dbt.client("glue").get_databases()["DatabaseList"]] == ["sales"]


def test_a_query_cannot_do_what_the_role_cannot(dbt):
    athena = dbt.client("athena")
    status = lake.run(athena, "select * from hr.orders", "sales", OUT)["Status"]
    assert status["State"] == "FAILED"
    assert "apple" not in status["StateChangeReason"]


def test_a_table_cannot_borrow_anothers_files(dbt):
    """Its own table, laid over a bucket that is not its own."""
    glue = dbt.client("glue")
    glue.create_table(DatabaseName="sales", TableInput=lake.csv_table("spy", "s3://theirs/hr/orders/region=us/", [("id", "bigint"), ("item", "string")]))
    status = lake.run(dbt.client("athena"), "select * from spy", "sales", OUT)["Status"]
    assert status["State"] == "FAILED" and "plum" not in str(status), status
    glue.delete_table(DatabaseName="sales", Name="spy")


def test_a_result_cannot_be_written_elsewhere(dbt, world):
    athena = dbt.client("athena")
    try:
        assert lake.run(athena, "select 1", "sales", "s3://theirs/x/")["Status"]["State"] == "FAILED"
    except athena.exceptions.InvalidRequestException:
        pass  # refused before it began
    assert world.client("s3").list_objects_v2(Bucket="theirs", Prefix="x/")["KeyCount"] == 0


# Nothing can be learnt


READS = {
    "glue": {
        "get_database": [{"Name": "sales"}, {"Name": "absent"}],
        "get_table": [{"DatabaseName": "sales", "Name": "orders"}, {"DatabaseName": "sales", "Name": "absent"}, {"DatabaseName": "absent", "Name": "orders"}],
        "get_tables": [{"DatabaseName": "sales"}, {"DatabaseName": "absent"}],
        "get_table_versions": [{"DatabaseName": "sales", "TableName": "orders"}, {"DatabaseName": "sales", "TableName": "absent"}],
        "get_table_version": [{"DatabaseName": "sales", "TableName": "orders"}, {"DatabaseName": "sales", "TableName": "absent"}],
        "get_partitions": [{"DatabaseName": "sales", "TableName": "orders"}, {"DatabaseName": "sales", "TableName": "absent"}, {"DatabaseName": "absent", "TableName": "orders"}],
        "get_partition": [{"DatabaseName": "sales", "TableName": "orders", "PartitionValues": [v]} for v in ("eu", "absent")],
        "batch_get_partition": [{"DatabaseName": "sales", "TableName": t, "PartitionsToGet": [{"Values": ["eu"]}]} for t in ("orders", "absent")],
        "get_crawler": [{"Name": "present"}, {"Name": "absent"}],
        "get_job": [{"JobName": "present"}, {"JobName": "absent"}],
        "get_connection": [{"Name": "present"}, {"Name": "absent"}],
    },
    "s3": {
        "get_object": [{"Bucket": "mine", "Key": "sales/orders/region=us/part-0.csv"}, {"Bucket": "mine", "Key": "absent"}],
        "list_objects_v2": [{"Bucket": "mine"}],
        "get_bucket_location": [{"Bucket": "mine"}],
        "get_bucket_versioning": [{"Bucket": "mine"}],
        "get_object_tagging": [{"Bucket": "mine", "Key": "sales/orders/region=us/part-0.csv"}, {"Bucket": "mine", "Key": "absent"}],
    },
    "athena": {
        "get_work_group": [{"WorkGroup": "primary"}, {"WorkGroup": "absent"}],
        "get_table_metadata": [{"CatalogName": "AwsDataCatalog", "DatabaseName": "sales", "TableName": t} for t in ("orders", "absent")],
        "get_database": [{"CatalogName": "AwsDataCatalog", "DatabaseName": d} for d in ("sales", "absent")],
        "list_table_metadata": [{"CatalogName": "AwsDataCatalog", "DatabaseName": d} for d in ("sales", "absent")],
    },
    "iam": {
        "get_user": [{"UserName": "admin"}, {"UserName": "absent"}],
        "get_role": [{"RoleName": "dbt"}, {"RoleName": "absent"}],
        "get_role_policy": [{"RoleName": "dbt", "PolicyName": "documented"}, {"RoleName": "absent", "PolicyName": "documented"}],
        "list_attached_role_policies": [{"RoleName": "dbt"}, {"RoleName": "absent"}],
        "get_group": [{"GroupName": "Administrators"}, {"GroupName": "absent"}],
        "list_access_keys": [{"UserName": "admin"}, {"UserName": "absent"}],
    },
}
QUESTIONS = [(s, o) for s, operations in READS.items() for o in operations]


@pytest.fixture(scope="module")
def nobody(world):
    return world.user(allow("sts:GetCallerIdentity"), name="nobody")


@pytest.mark.parametrize("service, operation", QUESTIONS, ids=[f"{s} {o}" for s, o in QUESTIONS])
def test_without_rights_existing_and_missing_are_one_answer(dbt, nobody, service, operation):
    client = nobody.client(service, config=Config(parameter_validation=False))
    answers = {_answer(client, operation, given) for given in READS[service][operation]}
    assert len(answers) == 1, answers
    code, _, text = answers.pop()
    assert code in ("AccessDeniedException", "AccessDenied")
    assert text.startswith(f"User: {nobody.arn} is not authorized to perform: ")


def _answer(client, operation, given):
    """Code, status and text of the refusal, without the words that were asked for."""
    with pytest.raises(client.exceptions.ClientError) as caught:
        getattr(client, operation)(**given)
    error = caught.value.response
    text = error["Error"]["Message"]
    for value in sorted((v for v in given.values() if isinstance(v, str)), key=len, reverse=True):
        text = text.replace("/" + value, "/ASKED").replace(":::" + value, ":::ASKED")
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"], text
