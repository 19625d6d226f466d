"""Athena through boto3: statements, results, their files, and whose rights they have."""

import time

import pytest

import lake
from identity import allow, deny
from refusal import denied, refused
from server import until

OUT = "s3://lake/results/"


@pytest.fixture(scope="module")
def athena(admin):
    lake.fill(admin, "lake", "sales")
    return admin.client("athena")


def ask(athena, sql, **more):
    return lake.rows(athena, lake.run(athena, sql, "sales", OUT, **more))


QUERIES = {
    "select count(*), sum(price) from orders": [["3", "13.75"]],
    "select id, item from orders order by id": [["1", "apple"], ["2", ""], ["3", "plum"]],
    "select region, count(*) from orders group by region order by 1": [["eu", "2"], ["us", "1"]],
    "select id from sales.orders where region = 'us'": [["3"]],
    'select "id" from "awsdatacatalog"."sales"."orders" where price > 2 and region in (\'eu\')': [["2"]],
    "select 1, 'a', true, null, 1.5, double '1e10', date '2024-02-29', timestamp '2024-02-29 01:02:03.004'":
        [["1", "a", "true", None, "1.5", "1.0E10", "2024-02-29", "2024-02-29 01:02:03.004"]],
    "select array[1,2], map(array['k'], array['v']), cast(row(1,'x') as row(a integer, b varchar))": [["[1, 2]", "{k=v}", "{a=1, b=x}"]],
    "with t as (select id, price from orders) select max(price) from t": [["10.00"]],
    "select a.id from orders a join orders b on a.id = b.id + 1 order by 1": [["2"], ["3"]],
    "-- a comment\nselect 7;": [["7"]],
    "select * from (values (1, 'a'), (2, 'b')) as t (n, s)": [["1", "a"], ["2", "b"]],
    "select item from orders where item like 'pl%'": [["plum"]],
    "select 7 / 2, 7 % 2, cast(7 as double) / 2": [["3", "1", "3.5"]],
    "select date_diff('day', date '2024-01-01', date '2024-03-01'), date_format(timestamp '2024-01-05 00:00:00', '%Y/%m')": [["60", "2024/01"]],
}


@pytest.mark.parametrize("sql", QUERIES)
def test_answers(athena, sql):
    assert ask(athena, sql) == QUERIES[sql]


def test_an_execution_tells_what_it_did(athena, admin):
    got = lake.run(athena, "select id from orders where region = 'us'", "sales", OUT)
    assert (got["StatementType"], got["SubstatementType"], got["WorkGroup"]) == ("DML", "SELECT", "primary")
    assert got["Query"] == "select id from orders where region = 'us'"
    assert got["ResultConfiguration"]["OutputLocation"] == f"{OUT}{got['QueryExecutionId']}.csv"
    assert got["Statistics"]["DataScannedInBytes"] == len(b"3,plum,10\n")
    assert got["QueryExecutionContext"]["Database"] == "sales"
    assert got["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    listed = athena.list_query_executions(MaxResults=50)["QueryExecutionIds"]
    assert listed[0] == got["QueryExecutionId"]
    batch = athena.batch_get_query_execution(QueryExecutionIds=[got["QueryExecutionId"], "00000000-0000-0000-0000-000000000000"])
    assert len(batch["QueryExecutions"]) == 1 and len(batch["UnprocessedQueryExecutionIds"]) == 1


def test_the_result_file(athena, admin):
    got = lake.run(athena, "select id, item, nullif(item, 'apple') from orders order by id", "sales", OUT)
    key = got["ResultConfiguration"]["OutputLocation"].removeprefix("s3://lake/")
    s3 = admin.client("s3")
    assert s3.get_object(Bucket="lake", Key=key)["Body"].read() == b'"id","item","_col2"\n"1","apple",\n"2","",""\n"3","plum","plum"\n'
    assert s3.head_object(Bucket="lake", Key=key + ".metadata")["ContentLength"] > 0


def test_columns_of_a_result(athena):
    got = lake.run(athena, "select id, item, price, region from orders", "sales", OUT)
    info = athena.get_query_results(QueryExecutionId=got["QueryExecutionId"])["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"]) for c in info] == [("id", "bigint"), ("item", "varchar"), ("price", "decimal"), ("region", "varchar")]
    assert (info[2]["Precision"], info[2]["Scale"]) == (10, 2)


def test_results_in_pages(athena):
    got = lake.run(athena, "select n from unnest(sequence(1, 2500)) as t(n) order by n", "sales", OUT)
    pages = list(athena.get_paginator("get_query_results").paginate(QueryExecutionId=got["QueryExecutionId"]))
    sizes = [len(p["ResultSet"]["Rows"]) for p in pages]
    assert sizes == [1000, 1000, 501]
    assert lake.rows(athena, got) == [[str(n)] for n in range(1, 2501)]


def test_the_same_token_is_the_same_query(athena):
    token = "t" * 32
    ask_again = dict(QueryString="select 1", ResultConfiguration={"OutputLocation": OUT}, ClientRequestToken=token)
    first = athena.start_query_execution(**ask_again)["QueryExecutionId"]
    assert athena.start_query_execution(**ask_again)["QueryExecutionId"] == first
    with refused("InvalidRequestException"):
        athena.start_query_execution(**{**ask_again, "QueryString": "select 2"})


FAILURES = {
    "select nosuch from orders": "COLUMN_NOT_FOUND: line 1:8: Column 'nosuch' cannot be resolved",
    "select * from nosuch": "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales.nosuch' does not exist",
    "select * from nowhere.t": "SCHEMA_NOT_FOUND",
    "select 1 + 'a'": "TYPE_MISMATCH",
    "select nosuch(1)": "FUNCTION_NOT_FOUND",
    "select 1 / 0": "DIVISION_BY_ZERO",
}


@pytest.mark.parametrize("sql", FAILURES)
def test_failures_have_their_names(athena, sql):
    status = lake.run(athena, sql, "sales", OUT)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(FAILURES[sql]), status
    assert status["AthenaError"]["ErrorCategory"] == 2


def test_what_does_not_parse_never_starts(athena):
    with refused("InvalidRequestException", "line 1:1: mismatched input 'selec'", 400):
        athena.start_query_execution(QueryString="selec 1", ResultConfiguration={"OutputLocation": OUT})


def test_an_output_location_is_needed(athena):
    with refused("InvalidRequestException", "No output location provided", 400):
        athena.start_query_execution(QueryString="select 1")
    with refused("InvalidRequestException", "nowhere", 400):
        athena.start_query_execution(QueryString="select 1", WorkGroup="nowhere", ResultConfiguration={"OutputLocation": OUT})


def test_results_of_what_has_none(athena):
    failed = lake.run(athena, "select * from nosuch", "sales", OUT)
    with refused("InvalidRequestException", "Query did not finish successfully. Final query state: FAILED", 400):
        athena.get_query_results(QueryExecutionId=failed["QueryExecutionId"])
    with refused("InvalidRequestException", "was not found", 400):
        athena.get_query_execution(QueryExecutionId="00000000-0000-0000-0000-000000000000")


def test_a_query_can_be_stopped(athena):
    query = athena.start_query_execution(
        QueryString="select count(*) from unnest(sequence(1,10000)) a(x), unnest(sequence(1,10000)) b(y), unnest(sequence(1,10000)) c(z) where x*y*z % 7 = 3",
        ResultConfiguration={"OutputLocation": OUT})["QueryExecutionId"]

    def state():
        return athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]

    until("the query to run", lambda: state() == "RUNNING", 20)
    began = time.monotonic()
    athena.stop_query_execution(QueryExecutionId=query)
    until("a stopped query to end", lambda: state() in lake.ENDED, 20)
    assert state() == "CANCELLED" and time.monotonic() - began < 5


def test_metadata(athena):
    assert ("AwsDataCatalog", "GLUE") in [(c["CatalogName"], c["Type"]) for c in athena.list_data_catalogs()["DataCatalogsSummary"]]
    assert "sales" in [d["Name"] for d in athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]]
    found = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="sales", TableName="orders")["TableMetadata"]
    assert [c["Name"] for c in found["Columns"]] == ["id", "item", "price"] and found["PartitionKeys"][0]["Name"] == "region"
    with pytest.raises(athena.exceptions.MetadataException):
        athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="sales", TableName="nosuch")


def test_the_workgroup_primary(athena):
    got = athena.get_work_group(WorkGroup="primary")["WorkGroup"]
    assert (got["Name"], got["State"]) == ("primary", "ENABLED")
    assert "EnforceWorkGroupConfiguration" in got["Configuration"]


# Whose rights


def reader(admin, *statements):
    """A role that may ask, and what the statements give."""
    glue = [f"arn:aws:glue:us-east-1:{admin.account}:{r}" for r in ("catalog", "database/sales", "table/sales/*")]
    return admin.assume(admin.role(
        allow("athena:*"), allow("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions", on=glue),
        allow("s3:GetBucketLocation", "s3:PutObject", "s3:GetObject", "s3:ListBucket", on=["arn:aws:s3:::lake", "arn:aws:s3:::lake/results/*"]),
        *statements))


def test_a_query_reads_files_with_the_callers_rights(athena, admin):
    with_files = reader(admin, allow("s3:GetObject", on="arn:aws:s3:::lake/sales/*"))
    assert ask(with_files.client("athena"), "select count(*) from orders") == [["3"]]
    without = reader(admin).client("athena")
    status = lake.run(without, "select count(*) from orders", "sales", OUT)["Status"]
    assert status["State"] == "FAILED" and "s3:GetObject" in status["StateChangeReason"], status


def test_one_denied_file_is_enough_and_only_when_it_is_read(athena, admin):
    half = reader(admin, allow("s3:GetObject", on="arn:aws:s3:::lake/sales/*"), deny("s3:GetObject", on="arn:aws:s3:::lake/sales/orders/region=us/*"))
    assert ask(half.client("athena"), "select count(*) from orders where region = 'eu'") == [["2"]]
    assert lake.run(half.client("athena"), "select count(*) from orders", "sales", OUT)["Status"]["State"] == "FAILED"


def test_a_query_needs_the_rights_on_the_table(athena, admin):
    keys = reader(admin, allow("s3:GetObject", on="arn:aws:s3:::lake/sales/*"), deny("glue:GetTable", on=f"arn:aws:glue:us-east-1:{admin.account}:table/sales/orders"))
    status = lake.run(keys.client("athena"), "select * from orders", "sales", OUT)["Status"]
    assert status["State"] == "FAILED" and "not authorized" in status["StateChangeReason"], status


def test_a_missing_table_reads_like_a_forbidden_one(athena, admin):
    blind = admin.assume(admin.role(allow("athena:*"), allow("s3:*", on=["arn:aws:s3:::lake", "arn:aws:s3:::lake/results/*"]))).client("athena")

    def reason(table):
        status = lake.run(blind, f"select * from {table}", "sales", OUT)["Status"]
        assert status["State"] == "FAILED", status
        return status["StateChangeReason"].replace(table, "TABLE")

    assert reason("orders") == reason("nosuch")


def test_a_query_writes_its_result_with_the_callers_rights(athena, admin):
    no_output = admin.assume(admin.role(allow("athena:*", "glue:Get*"), allow("s3:Get*", "s3:List*"))).client("athena")
    try:
        status = lake.run(no_output, "select 1", "sales", OUT)["Status"]
    except athena.exceptions.ClientError as e:
        assert "s3:PutObject" in str(e) or "output" in str(e).lower(), e
    else:
        assert status["State"] == "FAILED" and "s3:PutObject" in status["StateChangeReason"], status


def test_asking_needs_the_right_on_the_workgroup(athena, admin):
    keys = admin.assume(admin.role(allow("athena:*", on=f"arn:aws:athena:us-east-1:{admin.account}:workgroup/other")))
    with denied(keys, "athena:StartQueryExecution", f"arn:aws:athena:us-east-1:{admin.account}:workgroup/primary"):
        keys.client("athena").start_query_execution(QueryString="select 1", ResultConfiguration={"OutputLocation": OUT})


def test_a_stranger_cannot_tell_which_queries_exist(athena, admin):
    query = lake.run(athena, "select 1", "sales", OUT)["QueryExecutionId"]
    nobody = admin.user().client("athena")

    def answer(identifier):
        with refused("AccessDeniedException", status=400) as caught:
            nobody.get_query_execution(QueryExecutionId=identifier)
        return caught.value.response["Error"]["Message"]

    assert answer(query) == answer("00000000-0000-0000-0000-000000000000")


def test_files_of_the_server_cannot_be_read(athena, server):
    for sql in (f"select * from read_csv('{server.folder}/credentials')", f"select * from '{server.folder}/credentials'",
                f"select * from read_text('{server.folder}/server.json')", "select getenv('HOME')", "copy (select 1) to '/tmp/x'",
                "attach '/tmp/x.db'", "install httpfs", "set enable_external_access = true", "pragma version"):
        try:
            status = lake.run(athena, sql, "sales", OUT)["Status"]
        except athena.exceptions.InvalidRequestException:
            continue
        assert status["State"] == "FAILED", sql
        assert server.root().id not in status["StateChangeReason"]
