"""The Data Catalog through boto3: databases, tables, versions, partitions, and the
exceptions by their classes, as the clients catch them."""

import datetime
import itertools

import pytest
from botocore.config import Config

from refusal import refused

SERDE = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", "Parameters": {"serialization.format": "1"}}


@pytest.fixture(scope="module")
def glue(admin):
    return admin.client("glue")


@pytest.fixture(scope="module")
def unchecked(admin):
    """A client that sends what the SDK would refuse to send."""
    return admin.client("glue", config=Config(parameter_validation=False))


_names = itertools.count()


@pytest.fixture
def db(glue):
    name = f"db{next(_names)}"
    glue.create_database(DatabaseInput={"Name": name})
    return name


def table(name="t", keys=(), **more):
    return {
        "Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": [{"Name": k, "Type": t} for k, t in keys],
        "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "payload", "Type": "struct<a:string,B:int>"}],
                              "Location": f"s3://lake/{name}/", "SerdeInfo": SERDE},
        **more,
    }


def names(glue, operation, key, **more):
    """All names of a listing, page by page."""
    return [x["Name"] for page in glue.get_paginator(operation).paginate(**more) for x in page[key]]


# Databases


def test_life_of_a_database(glue, admin):
    glue.create_database(DatabaseInput={"Name": "Sales", "Description": "d", "LocationUri": "s3://lake/sales/", "Parameters": {"k": "v"}})
    got = glue.get_database(Name="SALES")["Database"]
    assert (got["Name"], got["Description"], got["LocationUri"], got["Parameters"]) == ("sales", "d", "s3://lake/sales/", {"k": "v"})
    assert got["CatalogId"] == admin.account
    assert datetime.datetime.now(datetime.timezone.utc) - got["CreateTime"] < datetime.timedelta(minutes=1)
    assert got["CreateTableDefaultPermissions"] == [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": "sALES"})
    glue.update_database(Name="sales", DatabaseInput={"Name": "sales", "Description": "new"})
    got = glue.get_database(Name="sales")["Database"]
    assert got["Description"] == "new" and not got.get("Parameters") and "LocationUri" not in got
    glue.delete_database(Name="Sales")
    with pytest.raises(glue.exceptions.EntityNotFoundException) as e:
        glue.get_database(Name="sales")
    assert e.value.response["Error"]["Message"] == "Database sales not found."
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.delete_database(Name="sales")


def test_databases_in_pages(glue):
    made = [f"paged_{n:02}" for n in range(23)]
    for name in made:
        glue.create_database(DatabaseInput={"Name": name})
    pages = list(glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 10}))
    found = [d["Name"] for page in pages for d in page["DatabaseList"]]
    assert [n for n in found if n.startswith("paged_")] == made
    assert found == sorted(found) and all(len(p["DatabaseList"]) <= 10 for p in pages)
    assert "NextToken" not in pages[-1]


def test_only_the_names_of_databases(glue, db):
    listed = glue.get_databases(AttributesToGet=["NAME"])["DatabaseList"]
    assert {"Name": db} in [{k: v for k, v in d.items() if k != "CatalogId"} for d in listed]


def test_a_deleted_database_takes_all_with_it(glue, db):
    glue.create_table(DatabaseName=db, TableInput=table(keys=[("p", "string")]))
    glue.create_partition(DatabaseName=db, TableName="t", PartitionInput={"Values": ["1"]})
    glue.delete_database(Name=db)
    glue.create_database(DatabaseInput={"Name": db})
    assert glue.get_tables(DatabaseName=db)["TableList"] == []
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_partitions(DatabaseName=db, TableName="t")


# Tables


def test_life_of_a_table(glue, db, admin):
    given = table("Orders", keys=[("Day", "date")], Description="d", Owner="dana", Retention=3, Parameters={"classification": "parquet", "Ünï": "ö"})
    glue.create_table(DatabaseName=db, TableInput=given)
    got = glue.get_table(DatabaseName=db.upper(), Name="ORDERS")["Table"]
    assert (got["Name"], got["DatabaseName"], got["CatalogId"], got["VersionId"]) == ("orders", db, admin.account, "0")
    assert (got["Description"], got["Owner"], got["Retention"], got["Parameters"]) == ("d", "dana", 3, given["Parameters"])
    assert got["CreatedBy"] == f"arn:aws:iam::{admin.account}:user/admin"
    assert got["CreateTime"] == got["UpdateTime"]
    assert got["StorageDescriptor"]["SerdeInfo"] == SERDE
    assert got["StorageDescriptor"]["Columns"] == given["StorageDescriptor"]["Columns"]
    assert got["PartitionKeys"] == [{"Name": "day", "Type": "date"}]
    assert got["IsRegisteredWithLakeFormation"] is False
    with pytest.raises(glue.exceptions.AlreadyExistsException) as e:
        glue.create_table(DatabaseName=db, TableInput=table("ORDERS"))
    assert e.value.response["Error"]["Message"] == "Table already exists."
    glue.delete_table(DatabaseName=db, Name="Orders")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_table(DatabaseName=db, Name="orders")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.delete_table(DatabaseName=db, Name="orders")


def test_empty_lists_stay_lists(glue, db):
    """Athena needs PartitionKeys: [] to be there; absent is something else."""
    glue.create_table(DatabaseName=db, TableInput=table("empty"))
    assert glue.get_table(DatabaseName=db, Name="empty")["Table"]["PartitionKeys"] == []
    glue.create_table(DatabaseName=db, TableInput={"Name": "bare"})
    bare = glue.get_table(DatabaseName=db, Name="bare")["Table"]
    assert not bare.get("PartitionKeys") and "StorageDescriptor" not in bare


def test_a_table_needs_its_database(glue):
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.create_table(DatabaseName="nowhere", TableInput=table())
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_tables(DatabaseName="nowhere")


def test_versions(glue, db):
    glue.create_table(DatabaseName=db, TableInput=table(Parameters={"n": "0"}))
    for n in range(1, 4):
        glue.update_table(DatabaseName=db, TableInput=table(Parameters={"n": str(n)}))
    assert glue.get_table(DatabaseName=db, Name="t")["Table"]["VersionId"] == "3"
    found = [(v["VersionId"], v["Table"]["Parameters"]["n"]) for v in glue.get_table_versions(DatabaseName=db, TableName="t")["TableVersions"]]
    assert found == [("3", "3"), ("2", "2"), ("1", "1"), ("0", "0")]
    old = glue.get_table_version(DatabaseName=db, TableName="t", VersionId="1")["TableVersion"]
    assert (old["VersionId"], old["Table"]["Parameters"]) == ("1", {"n": "1"})
    glue.delete_table_version(DatabaseName=db, TableName="t", VersionId="1")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_table_version(DatabaseName=db, TableName="t", VersionId="1")
    answer = glue.batch_delete_table_version(DatabaseName=db, TableName="t", VersionIds=["0", "1"])
    assert [(e["VersionId"], e["ErrorDetail"]["ErrorCode"]) for e in answer["Errors"]] == [("1", "EntityNotFoundException")]


def test_version_id_is_the_lock_of_iceberg_commits(glue, db):
    glue.create_table(DatabaseName=db, TableInput=table(Parameters={"metadata_location": "a"}))
    glue.update_table(DatabaseName=db, TableInput=table(Parameters={"metadata_location": "b"}), VersionId="0", SkipArchive=True)
    with pytest.raises(glue.exceptions.ConcurrentModificationException):
        glue.update_table(DatabaseName=db, TableInput=table(Parameters={"metadata_location": "c"}), VersionId="0", SkipArchive=True)
    now = glue.get_table(DatabaseName=db, Name="t")["Table"]
    assert (now["VersionId"], now["Parameters"]) == ("1", {"metadata_location": "b"})
    assert [v["VersionId"] for v in glue.get_table_versions(DatabaseName=db, TableName="t")["TableVersions"]] == ["1"]


def test_an_update_replaces_everything(glue, db):
    glue.create_table(DatabaseName=db, TableInput=table(Description="d", Owner="o", Parameters={"a": "1"}))
    made = glue.get_table(DatabaseName=db, Name="t")["Table"]
    glue.update_table(DatabaseName=db, TableInput={"Name": "t", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": "/* Presto View: e30= */"})
    got = glue.get_table(DatabaseName=db, Name="t")["Table"]
    assert "Description" not in got and "StorageDescriptor" not in got and got["CreateTime"] == made["CreateTime"]
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.update_table(DatabaseName=db, TableInput=table("missing"))


def test_listing_tables(glue, db):
    made = [f"t{n:02}" for n in range(12)] + ["other", "p_one"]
    for name in made:
        glue.create_table(DatabaseName=db, TableInput=table(name))
    assert names(glue, "get_tables", "TableList", DatabaseName=db, PaginationConfig={"PageSize": 5}) == sorted(made)
    for expression, wanted in {"t0.*": 10, "t0*": 10, "other|p_.*": 2, "T1.": 2, "one": 0, ".*": 14, "*": 14, "\\Qp_one\\E": 1}.items():
        assert len(names(glue, "get_tables", "TableList", DatabaseName=db, Expression=expression)) == wanted, expression


def test_many_tables_are_deleted_at_once(glue, db):
    for name in ("a", "b"):
        glue.create_table(DatabaseName=db, TableInput=table(name))
    answer = glue.batch_delete_table(DatabaseName=db, TablesToDelete=["A", "missing", "b"])
    assert [(e["TableName"], e["ErrorDetail"]["ErrorCode"]) for e in answer["Errors"]] == [("missing", "EntityNotFoundException")]
    assert glue.get_tables(DatabaseName=db)["TableList"] == []


def test_a_wide_table_comes_back_whole(glue, db):
    columns = [{"Name": f"c{n}", "Type": "decimal(38,18)", "Comment": "ü" * 255, "Parameters": {"iceberg.field.id": str(n)}} for n in range(3000)]
    glue.create_table(DatabaseName=db, TableInput={"Name": "wide", "StorageDescriptor": {"Columns": columns, "Location": "s3://lake/w/"}})
    assert glue.get_table(DatabaseName=db, Name="wide")["Table"]["StorageDescriptor"]["Columns"] == columns


def test_a_token_belongs_to_its_question(glue, db):
    for name in ("a", "b", "c"):
        glue.create_table(DatabaseName=db, TableInput=table(name))
    token = glue.get_tables(DatabaseName=db, MaxResults=1)["NextToken"]
    assert glue.get_tables(DatabaseName=db, MaxResults=1, NextToken=token)["TableList"][0]["Name"] == "b"
    for wrong in ({"DatabaseName": db, "Expression": "a"}, {"DatabaseName": "sales2"}):
        with refused("InvalidInputException", status=400):
            glue.create_database(DatabaseInput={"Name": "sales2"}) if wrong["DatabaseName"] == "sales2" else None
            glue.get_tables(MaxResults=1, NextToken=token, **wrong)
    with refused("InvalidInputException", status=400):
        glue.get_tables(DatabaseName=db, NextToken="x" + token[1:])


# Partitions


@pytest.fixture(scope="module")
def parted(glue):
    """A year of days: three keys of three types."""
    glue.create_database(DatabaseInput={"Name": "parted"})
    glue.create_table(DatabaseName="parted", TableInput=table("days", keys=[("region", "string"), ("year", "int"), ("day", "date")]))
    start = datetime.date(2024, 1, 1)
    days = [start + datetime.timedelta(n) for n in range(366)]
    given = [partition(region, str(d.year), d.isoformat()) for region in ("eu", "us") for d in days]
    for n in range(0, len(given), 100):
        assert not glue.batch_create_partition(DatabaseName="parted", TableName="days", PartitionInputList=given[n:n + 100]).get("Errors")
    return {"DatabaseName": "parted", "TableName": "days"}


def partition(*values, **more):
    return {"Values": list(values), "StorageDescriptor": {**table()["StorageDescriptor"], "Location": "s3://lake/days/" + "/".join(values)}, **more}


def values(glue, where, **more):
    pages = glue.get_paginator("get_partitions").paginate(**where, **more)
    return [p["Values"] for page in pages for p in page["Partitions"]]


def test_life_of_a_partition(glue, db):
    glue.create_table(DatabaseName=db, TableInput=table(keys=[("a", "string"), ("b", "int")]))
    at = {"DatabaseName": db, "TableName": "t"}
    glue.create_partition(**at, PartitionInput=partition("Ü b/c", "1", Parameters={"k": "v"}))
    got = glue.get_partition(**at, PartitionValues=["Ü b/c", "1"])["Partition"]
    assert (got["Values"], got["Parameters"], got["TableName"], got["DatabaseName"]) == (["Ü b/c", "1"], {"k": "v"}, "t", db)
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_partition(**at, PartitionInput=partition("Ü b/c", "1"))
    glue.update_partition(**at, PartitionValueList=["Ü b/c", "1"], PartitionInput=partition("Ü b/c", "1", Parameters={"k": "w"}))
    assert glue.get_partition(**at, PartitionValues=["Ü b/c", "1"])["Partition"]["Parameters"] == {"k": "w"}
    with refused("InvalidInputException"):  # a partition's values are what it is
        glue.update_partition(**at, PartitionValueList=["Ü b/c", "1"], PartitionInput=partition("new", "2"))
    glue.delete_partition(**at, PartitionValues=["Ü b/c", "1"])
    for call in (glue.get_partition, glue.delete_partition):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            call(**at, PartitionValues=["Ü b/c", "1"])
    with refused("InvalidInputException"):
        glue.create_partition(**at, PartitionInput=partition("only one"))


EXPRESSIONS = {
    "": 732, "region = 'eu'": 366, "region = 'EU'": 0, "REGION = 'eu' AND Year = 2024": 366, "year = 2023": 0, "year > 2023": 732,
    "day = '2024-02-29'": 2, "day >= '2024-12-30'": 4, "day < '2024-01-03' and region='us'": 2, "day between '2024-01-01' and '2024-01-31'": 62,
    "day in ('2024-01-01', '2024-01-05') and region in ('eu')": 2, "region <> 'eu'": 366, "region != 'eu'": 366, "not region = 'eu'": 366,
    "region like 'e%'": 366, "region like '_s'": 366, "region like 'x%'": 0, "(region='eu' and day='2024-01-01') or (region='us' and day='2024-01-02')": 2,
    "year = '2024'": 732, "region is not null": 732, "region is null": 0, "region not in ('eu', 'us')": 0, "year in (2024)": 732,
    "region = 'it''s'": 0, "((region = 'eu') and (year = 2024)) and day > '2024-12-30'": 1, "region = '__HIVE_DEFAULT_PARTITION__'": 0,
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions(glue, parted, expression):
    assert len(values(glue, parted, Expression=expression)) == EXPRESSIONS[expression]


@pytest.mark.parametrize("expression", [
    "nosuch = 1", "region = ", "region = 'eu", "year = 'x'", "day = 2024-01-01", "day = 'x'", "year like '2%'", "day like '2%'",
    "region = 'eu' and", "((region = 'eu')", "region == == 'eu'", "; drop table partition", "region = 'eu' --", "select 1", "year = 1 union select 1",
])
def test_expressions_that_are_refused(glue, parted, expression):
    with refused("InvalidInputException", status=400):
        glue.get_partitions(**parted, Expression=expression)


def test_segments_are_disjoint_and_complete(glue, parted):
    for total in (1, 3, 5, 10):
        parts = [values(glue, parted, Segment={"SegmentNumber": n, "TotalSegments": total}) for n in range(total)]
        every = [tuple(v) for part in parts for v in part]
        assert len(every) == len(set(every)) == 732, total
    with refused("InvalidInputException", status=400):
        glue.get_partitions(**parted, Segment={"SegmentNumber": 3, "TotalSegments": 3})


def test_partitions_in_pages_and_in_order(glue, parted):
    pages = list(glue.get_paginator("get_partitions").paginate(**parted, PaginationConfig={"PageSize": 100}))
    assert all(len(p["Partitions"]) <= 100 for p in pages) and "NextToken" not in pages[-1]
    found = [p["Values"] for page in pages for p in page["Partitions"]]
    assert found == sorted(found) and len(found) == 732


def test_without_the_columns(glue, parted):
    full = glue.get_partitions(**parted, MaxResults=1)["Partitions"][0]
    less = glue.get_partitions(**parted, MaxResults=1, ExcludeColumnSchema=True)["Partitions"][0]
    assert full["StorageDescriptor"].pop("Columns")
    assert not less["StorageDescriptor"].pop("Columns", None)
    assert full == less


def test_batch_get(glue, parted):
    asked = [["eu", "2024", f"2024-03-{d:02}"] for d in range(1, 32)] + [["no", "1", "2024-01-01"]]
    answer = glue.batch_get_partition(**parted, PartitionsToGet=[{"Values": v} for v in asked])
    assert sorted(p["Values"] for p in answer["Partitions"]) == asked[:-1]
    assert answer.get("UnprocessedKeys", []) == []


def test_batches_report_each_failure(glue, db):
    glue.create_table(DatabaseName=db, TableInput=table(keys=[("a", "string")]))
    at = {"DatabaseName": db, "TableName": "t"}
    glue.create_partition(**at, PartitionInput=partition("1"))
    answer = glue.batch_create_partition(**at, PartitionInputList=[partition("0"), partition("1"), partition("2")])
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in answer["Errors"]] == [(["1"], "AlreadyExistsException")]
    assert values(glue, at) == [["0"], ["1"], ["2"]]
    entries = [{"PartitionValueList": [v], "PartitionInput": partition(v, Parameters={"k": "v"})} for v in ("2", "9")]
    answer = glue.batch_update_partition(**at, Entries=entries)
    assert [(e["PartitionValueList"], e["ErrorDetail"]["ErrorCode"]) for e in answer["Errors"]] == [(["9"], "EntityNotFoundException")]
    answer = glue.batch_delete_partition(**at, PartitionsToDelete=[{"Values": ["0"]}, {"Values": ["9"]}])
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in answer["Errors"]] == [(["9"], "EntityNotFoundException")]
    assert values(glue, at) == [["1"], ["2"]]


def test_batch_limits(unchecked, parted):
    with refused("ValidationException", "Member must have length less than or equal to 100", 400):
        unchecked.batch_create_partition(**parted, PartitionInputList=[{"Values": ["x", "1", "2024-01-01"]}] * 101)
    with refused("ValidationException", "Member must have length less than or equal to 25", 400):
        unchecked.batch_delete_partition(**parted, PartitionsToDelete=[{"Values": ["x", "1", "2024-01-01"]}] * 26)


# Input


@pytest.mark.parametrize("input, words", [
    ({"TableInput": {}}, "'tableInput.name' failed to satisfy constraint: Member must not be null"),
    ({"TableInput": {"Name": ""}}, "Member must have length greater than or equal to 1"),
    ({"TableInput": {"Name": "x" * 256}}, "Member must have length less than or equal to 255"),
    ({"TableInput": {"Name": "a\nb"}}, "Member must satisfy regular expression pattern"),
    ({"TableInput": {"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "a", "Comment": "x" * 256}]}}},
     "at 'tableInput.storageDescriptor.columns.1.member.comment' failed to satisfy constraint"),
])
def test_broken_constraints_are_worded_as_aws_does(unchecked, db, input, words):
    with refused("ValidationException", words, 400):
        unchecked.create_table(DatabaseName=db, **input)


def test_unknown_members_are_ignored(glue, db):
    """Clients are newer than servers."""
    def add(request, **_):
        assert request.data.startswith(b"{")
        request.data = b'{"NewMember": {"Deep": [1]}, ' + request.data[1:]

    event = "before-sign.glue.GetDatabase"
    glue.meta.events.register_first(event, add)
    try:
        assert glue.get_database(Name=db)["Database"]["Name"] == db
    finally:
        glue.meta.events.unregister(event, add)


def test_another_catalog_is_not_ours(glue, db):
    with refused("AccessDeniedException"):
        glue.get_database(CatalogId="999999999999", Name=db)


def test_what_is_not_built_is_refused_by_name(glue):
    with refused("UnsupportedOperationException", "bindery does not support glue:GetMLTransforms yet.", 400):
        glue.get_ml_transforms()
