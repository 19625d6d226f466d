"""Iceberg tables that Glue makes and changes: their metadata are read, written to and
judged by PyIceberg; the rules of views and table optimizers by boto3."""

import itertools
import json

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.transforms import BucketTransform, DayTransform
from pyiceberg.types import LongType

from identity import allow, document
from refusal import refused

BUCKET = "ice"


@pytest.fixture(scope="module")
def glue(admin):
    admin.client("s3").create_bucket(Bucket=BUCKET)
    client = admin.client("glue")
    client.create_database(DatabaseInput={"Name": "lake"})
    return client


@pytest.fixture(scope="module")
def catalog(glue, admin):
    access = {"region": admin.region, "access-key-id": admin.id, "secret-access-key": admin.secret, "endpoint": admin.url}
    return GlueCatalog("bindery", **{f"{service}.{k}": v for service in ("glue", "s3") for k, v in access.items()})


_names = itertools.count()


@pytest.fixture
def name():
    return f"t{next(_names)}"


def create(glue, name, version="2", **more):
    glue.create_table(
        DatabaseName="lake", OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE", "Version": version}},
        TableInput={"Name": name, "StorageDescriptor": {
            "Location": f"s3://{BUCKET}/{name}", "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "item", "Type": "string"}], **more}},
    )
    return glue.get_table(DatabaseName="lake", Name=name)["Table"]


FIELDS = [{"Id": 1, "Name": "id", "Type": "long", "Required": False}, {"Id": 2, "Name": "item", "Type": "string", "Required": False}]


def update(name, action, schema=None, **more):
    """One update; the API wants a schema and a location with each."""
    return {"Action": action, "Schema": schema or {"Fields": FIELDS}, "Location": f"s3://{BUCKET}/{name}", **more}


def change(glue, name, *updates, **more):
    glue.update_table(DatabaseName="lake", Name=name, UpdateOpenTableFormatInput={
        "UpdateIcebergInput": {"UpdateIcebergTableInput": {"Updates": list(updates)}}}, **more)
    return glue.get_table(DatabaseName="lake", Name=name)["Table"]


def objects(admin, prefix):
    return [o["Key"] for o in admin.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]


@pytest.mark.parametrize("version", ["1", "2"])
def test_pyiceberg_writes_to_a_table_that_glue_made(glue, catalog, name, version):
    made = create(glue, name, version)
    assert made["Parameters"]["table_type"] == "ICEBERG" and made["TableType"] == "EXTERNAL_TABLE" and made["PartitionKeys"] == []
    assert made["StorageDescriptor"]["Columns"][0]["Parameters"] == {
        "iceberg.field.id": "1", "iceberg.field.optional": "true", "iceberg.field.current": "true"}
    table = catalog.load_table(f"lake.{name}")
    assert table.metadata.format_version == int(version) and table.metadata_location == made["Parameters"]["metadata_location"]
    table.append(pa.table({"id": pa.array([1, 2], pa.int64()), "item": ["apple", None]}))
    table.append(pa.table({"id": pa.array([3], pa.int64()), "item": ["plum"]}))
    again = catalog.load_table(f"lake.{name}")
    assert sorted(again.scan().to_arrow()["id"].to_pylist()) == [1, 2, 3] and len(again.snapshots()) == 2


def test_pyiceberg_sees_what_glue_changes(glue, catalog, name):
    create(glue, name)
    catalog.load_table(f"lake.{name}").append(pa.table({"id": pa.array([1], pa.int64()), "item": ["apple"]}))
    before = glue.get_table(DatabaseName="lake", Name=name)["Table"]
    wider = {"SchemaId": 7, "Fields": [
        {"Id": 1, "Name": "key", "Type": "long", "Required": False}, FIELDS[1],
        {"Id": 3, "Name": "sold", "Type": "timestamp", "Required": False, "Doc": "when"},
        {"Id": 4, "Name": "tags", "Required": False, "Type": {"type": "list", "element-id": 5, "element": "string", "element-required": False}}]}
    after = change(
        glue, name, update(name, "add-schema", wider), update(name, "set-current-schema", wider),
        update(name, "add-spec", PartitionSpec={"Fields": [{"SourceId": 3, "Transform": "day", "Name": "sold_day"}, {"SourceId": 1, "Transform": "bucket[4]", "Name": "key_bucket"}]}),
        update(name, "set-default-spec", PartitionSpec={"Fields": [], "SpecId": -1}),
        update(name, "add-sort-order", SortOrder={"OrderId": 1, "Fields": [{"SourceId": 1, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first"}]}),
        update(name, "set-default-sort-order", SortOrder={"OrderId": 1, "Fields": []}),
        update(name, "set-properties", Properties={"owner": "ana", "gone": "x"}), update(name, "remove-properties", Properties={"gone": ""}),
        VersionId=before["VersionId"],
    )
    assert after["Parameters"]["previous_metadata_location"] == before["Parameters"]["metadata_location"]
    assert [(c["Name"], c["Type"]) for c in after["StorageDescriptor"]["Columns"]] == [
        ("key", "bigint"), ("item", "string"), ("sold", "timestamp"), ("tags", "array<string>"), ("id", "bigint")]
    table = catalog.load_table(f"lake.{name}")
    assert [f.name for f in table.schema().fields] == ["key", "item", "sold", "tags"] and table.schema().find_field(3).doc == "when"
    assert [f.transform for f in table.spec().fields] == [DayTransform(), BucketTransform(4)]
    assert table.sort_order().fields[0].source_id == 1 and table.properties == {"owner": "ana"}
    assert [e.metadata_file for e in table.metadata.metadata_log][-1] == before["Parameters"]["metadata_location"]
    assert table.scan().to_arrow().to_pylist() == [{"key": 1, "item": "apple", "sold": None, "tags": None}]
    table.append(pa.table({"key": pa.array([2], pa.int64()), "item": ["plum"], "sold": pa.array([0], pa.timestamp("us")), "tags": [["a", "b"]]}))
    assert sorted(catalog.load_table(f"lake.{name}").scan().to_arrow()["key"].to_pylist()) == [1, 2]


def test_a_table_by_icebergs_own_description(glue, catalog, name):
    nested = {"type": "struct", "fields": [{"id": 20, "name": "x", "required": True, "type": "double"}]}
    glue.create_table(DatabaseName="lake", Name=name, OpenTableFormatInput={"IcebergInput": {
        "MetadataOperation": "CREATE", "CreateIcebergTableInput": {
            "Location": f"s3://{BUCKET}/{name}/", "Properties": {"write.format.default": "parquet"},
            "Schema": {"IdentifierFieldIds": [10], "Fields": [
                {"Id": 10, "Name": "Id", "Type": "int", "Required": True}, {"Id": 11, "Name": "at", "Type": "timestamptz", "Required": False},
                {"Id": 12, "Name": "p", "Type": nested, "Required": False}]},
            "PartitionSpec": {"Fields": [{"SourceId": 11, "Transform": "day", "Name": "at_day"}]},
            "WriteOrder": {"OrderId": 1, "Fields": [{"SourceId": 10, "Transform": "bucket[8]", "Direction": "desc", "NullOrder": "nulls-last"}]},
        }}})
    table = catalog.load_table(f"lake.{name}")
    assert [f.name for f in table.schema().fields] == ["Id", "at", "p"] and table.schema().identifier_field_names() == {"Id"}
    assert table.spec().fields[0].source_id == 2 and table.sort_order().fields[0].transform == BucketTransform(8)
    assert table.location() == f"s3://{BUCKET}/{name}"
    with table.update_schema() as change_schema:
        change_schema.update_column("Id", field_type=LongType())
    assert str(catalog.load_table(f"lake.{name}").schema().find_type("Id")) == "long"
    assert glue.get_table(DatabaseName="lake", Name=name)["Table"]["StorageDescriptor"]["Columns"][0]["Type"] == "bigint"


def test_version_3_is_written_as_asked(glue, admin, name):
    made = create(glue, name, "3")
    bucket, key = made["Parameters"]["metadata_location"].removeprefix("s3://").split("/", 1)
    file = json.load(admin.client("s3").get_object(Bucket=bucket, Key=key)["Body"])
    assert (file["format-version"], file["next-row-id"], file["last-sequence-number"]) == (3, 0, 0)


# Who may not write the metadata makes no table, and changes none.


def test_the_metadata_are_the_callers_business(glue, admin, name):
    other = admin.user(name=name)

    def may(*statements):
        admin.client("iam").put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))

    may(allow("glue:*"))
    theirs = other.client("glue")
    with refused("AccessDeniedException"):
        create(theirs, name)
    assert objects(admin, f"{name}/") == []
    with refused("EntityNotFoundException"):
        theirs.get_table(DatabaseName="lake", Name=name)
    may(allow("glue:*"), allow("s3:PutObject", on=f"arn:aws:s3:::{BUCKET}/{name}/*"))
    create(theirs, name)
    with refused("AccessDeniedException"):  # the metadata of before must be read
        change(theirs, name, update(name, "set-properties", Properties={"a": "b"}))
    assert theirs.get_table(DatabaseName="lake", Name=name)["Table"]["VersionId"] == "0" and len(objects(admin, f"{name}/")) == 1
    may(allow("glue:*"), allow("s3:PutObject", "s3:GetObject", on=f"arn:aws:s3:::{BUCKET}/{name}/*"))
    assert change(theirs, name, update(name, "set-properties", Properties={"a": "b"}))["VersionId"] == "1"


def test_what_is_refused_leaves_nothing(glue, admin, name):
    create(glue, name)
    with refused("AlreadyExistsException"):
        create(glue, name)
    with refused("ConcurrentModificationException"):
        change(glue, name, update(name, "set-properties", Properties={"a": "b"}), VersionId="7")
    with refused("InvalidInputException"):
        change(glue, name, update(name, "add-schema", {"Fields": [{**FIELDS[0], "Type": "string"}]}))
    with refused("UnsupportedOperationException", "add-encryption-key"):
        change(glue, name, update(name, "add-encryption-key", EncryptionKey={"KeyId": "k", "EncryptedKeyMetadata": "eA=="}))
    assert len(objects(admin, f"{name}/")) == 1
    with refused("EntityNotFoundException"):
        glue.create_table(DatabaseName="nowhere", OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE"}},
                          TableInput={"Name": "x", "StorageDescriptor": {"Location": f"s3://{BUCKET}/x", "Columns": [{"Name": "a", "Type": "int"}]}})
    with refused("InvalidInputException"):
        create(glue, f"{name}x", Location="s3://no-such-bucket-here/x")
    assert objects(admin, f"{name}x/") == [] and objects(admin, "x/") == []


def test_optimizers_are_stored_and_never_ran(glue, admin, name):
    create(glue, name)
    role = f"arn:aws:iam::{admin.account}:role/optimizer"
    at = {"CatalogId": admin.account, "DatabaseName": "lake", "TableName": name, "Type": "compaction"}
    glue.create_table_optimizer(**at, TableOptimizerConfiguration={"roleArn": role, "enabled": True})
    got = glue.get_table_optimizer(**at)["TableOptimizer"]
    assert got == {"type": "compaction", "configuration": {"roleArn": role, "enabled": True}, "configurationSource": "table"}
    assert glue.list_table_optimizer_runs(**at)["TableOptimizerRuns"] == []
    with refused("AlreadyExistsException"):
        glue.create_table_optimizer(**at, TableOptimizerConfiguration={"roleArn": role, "enabled": True})
    glue.update_table_optimizer(**at, TableOptimizerConfiguration={"roleArn": role, "enabled": False})
    batch = glue.batch_get_table_optimizer(Entries=[
        {"catalogId": admin.account, "databaseName": "lake", "tableName": name, "type": t} for t in ("compaction", "retention")])
    assert [o["tableOptimizer"]["configuration"]["enabled"] for o in batch["TableOptimizers"]] == [False]
    assert [f["error"]["ErrorCode"] for f in batch["Failures"]] == ["EntityNotFoundException"]
    glue.delete_table_optimizer(**at)
    with refused("EntityNotFoundException"):
        glue.get_table_optimizer(**at)


def test_views_for_several_engines(glue, name):
    spark = {"Dialect": "SPARK", "DialectVersion": "3.5", "ViewOriginalText": "select 1 a", "ViewExpandedText": "select 1 a"}
    glue.create_table(DatabaseName="lake", TableInput={
        "Name": name, "TableType": "VIRTUAL_VIEW", "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int"}]},
        "ViewDefinition": {"IsProtected": True, "Representations": [spark]}})
    glue.update_table(DatabaseName="lake", ViewUpdateAction="ADD", TableInput={
        "Name": name, "ViewDefinition": {"Representations": [{"Dialect": "ATHENA", "ViewOriginalText": "select 1 a"}]}})
    got = glue.get_table(DatabaseName="lake", Name=name, IncludeStatusDetails=True)["Table"]
    assert [r["Dialect"] for r in got["ViewDefinition"]["Representations"]] == ["SPARK", "ATHENA"]
    assert got["IsMultiDialectView"] and got["Status"]["State"] == "SUCCESS" and got["Status"]["Action"] == "UPDATE"
    with refused("UnsupportedOperationException", "ValidationConnection"):
        glue.update_table(DatabaseName="lake", ViewUpdateAction="ADD", TableInput={
            "Name": name, "ViewDefinition": {"Representations": [{"Dialect": "REDSHIFT", "ValidationConnection": "c"}]}})
