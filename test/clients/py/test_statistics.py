"""Column statistics through boto3: kept for tables and partitions, and computed by runs over real data.

The truth about the example data comes from pyarrow, which shares nothing with the server.
"""

import csv
import dataclasses
import datetime
import decimal
import io
import pathlib
import shutil
import tempfile
import time

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import lake
from identity import allow, deny, trust
from refusal import refused
from server import ROOT, Server, until

DATA = ROOT / "examples" / "flights" / "data"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED")


@pytest.fixture(scope="module")
def glue(admin):
    """The example data as tables: flights, partitioned Parquet, and airports, a CSV file with a header."""
    s3, glue = admin.client("s3"), admin.client("glue")
    s3.create_bucket(Bucket="flights")
    for file in sorted(DATA.rglob("*.parquet")) + sorted(DATA.rglob("*.csv")):
        s3.put_object(Bucket="flights", Key=str(file.relative_to(DATA)), Body=file.read_bytes())
    glue.create_database(DatabaseInput={"Name": "fl"})
    glue.create_crawler(Name="fl", Role=crawling(admin), DatabaseName="fl", Targets={"S3Targets": [{"Path": "s3://flights/"}]})
    glue.start_crawler(Name="fl")
    until("the crawl", lambda: glue.get_crawler(Name="fl")["Crawler"]["State"] == "READY", 120, every=0.1)
    assert {t["Name"] for t in glue.get_tables(DatabaseName="fl")["TableList"]} == {"flights", "airports", "birdstrikes"}
    return glue


def crawling(admin):
    return admin.role(allow("glue:*", "s3:*"), name="crawling", trusts=trust(service="glue.amazonaws.com"))


@pytest.fixture(scope="module")
def role(admin):
    """What a run needs and no more, and the trust that lets Glue be it."""
    tables = [f"arn:aws:glue:us-east-1:{admin.account}:{r}" for r in ("catalog", "database/*", "table/*/*")]
    return admin.role(
        allow("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions", "glue:UpdateColumnStatisticsForTable", on=tables),
        allow("s3:GetObject", "s3:ListBucket", on=["arn:aws:s3:::*"]),
        name="statistics", trusts=trust(service="glue.amazonaws.com"))


def run(glue, table, role, database="fl", **more):
    """Starts a run and waits for its end."""
    started = glue.start_column_statistics_task_run(DatabaseName=database, TableName=table, Role=role, **more)["ColumnStatisticsTaskRunId"]

    def ended():
        found = glue.get_column_statistics_task_run(ColumnStatisticsTaskRunId=started)["ColumnStatisticsTaskRun"]
        return found["Status"] in ENDED and found

    return until(f"the run over {table}", ended, 60, every=0.02)


def known(glue, table, *names, database="fl"):
    """The figures of columns: name -> (type, figures)."""
    got = glue.get_column_statistics_for_table(DatabaseName=database, TableName=table, ColumnNames=list(names))
    out = {}
    for s in got["ColumnStatisticsList"]:
        data = s["StatisticsData"]
        assert set(data) == {"Type", data["Type"].title() + "ColumnStatisticsData"}
        out[s["ColumnName"]] = data["Type"], data[data["Type"].title() + "ColumnStatisticsData"]
    return out


def about(estimate, truth, share=0.15):
    return abs(estimate - truth) <= max(1, share * truth)


def test_a_run_finds_the_truth_about_partitioned_parquet(glue, role, capsys):
    began = time.monotonic()
    ended = run(glue, "flights", role)
    assert ended["Status"] == "SUCCEEDED", ended
    with capsys.disabled():
        print(f"\na run over 428,571 flights took {time.monotonic() - began:.2f} s, DPUSeconds {ended['DPUSeconds']}")
    assert ended["ComputationType"] == "FULL" and ended["StartTime"] <= ended["EndTime"] and ended["DPUSeconds"] > 0
    truth = pq.read_table(DATA / "flights")
    got = known(glue, "flights", "date", "delay", "distance", "origin", "destination", "year", "month")
    assert set(got) == {"date", "delay", "distance", "origin", "destination", "year", "month"}
    for name in ("delay", "distance"):
        kind, figures = got[name]
        column = truth[name]
        assert kind == "LONG"
        assert (figures["MinimumValue"], figures["MaximumValue"], figures["NumberOfNulls"]) == (pc.min(column).as_py(), pc.max(column).as_py(), column.null_count)
        assert about(figures["NumberOfDistinctValues"], pc.count_distinct(column, mode="only_valid").as_py()), figures
    for name in ("origin", "destination"):
        kind, figures = got[name]
        column = truth[name]
        assert kind == "STRING"
        assert figures["MaximumLength"] == pc.max(pc.utf8_length(column)).as_py()
        assert figures["AverageLength"] == pytest.approx(pc.mean(pc.utf8_length(column)).as_py())
        assert figures["NumberOfNulls"] == column.null_count
        assert about(figures["NumberOfDistinctValues"], pc.count_distinct(column, mode="only_valid").as_py()), figures
    kind, figures = got["date"]
    first, last = (f(truth["date"]).as_py().replace(tzinfo=datetime.timezone.utc).timestamp() for f in (pc.min, pc.max))
    assert kind == "LONG" and (figures["MinimumValue"], figures["MaximumValue"]) == (first, last)
    assert about(figures["NumberOfDistinctValues"], pc.count_distinct(truth["date"]).as_py())
    assert got["month"][1]["NumberOfDistinctValues"] == 6 and got["year"][1]["NumberOfDistinctValues"] == 1


def test_a_run_finds_the_truth_about_csv(glue, role):
    assert run(glue, "airports", role)["Status"] == "SUCCEEDED"
    rows = list(csv.DictReader(io.StringIO((DATA / "airports/airports.csv").read_text())))
    got = known(glue, "airports", "name", "latitude")
    names, latitudes = [r["name"] for r in rows], [float(r["latitude"]) for r in rows]
    assert got["name"][1]["MaximumLength"] == max(map(len, names))
    assert got["name"][1]["AverageLength"] == pytest.approx(sum(map(len, names)) / len(names))
    assert about(got["name"][1]["NumberOfDistinctValues"], len(set(names)))
    kind, figures = got["latitude"]
    assert kind == "DOUBLE" and (figures["MinimumValue"], figures["MaximumValue"]) == (min(latitudes), max(latitudes))


def test_every_type(glue, role, admin):
    admin.client("s3").put_object(Bucket="flights", Key="types/a.csv", Body=(
        b"true,1,-1.5,12.50,2024-02-29,abc,2024-02-29 12:34:56.789\n"
        b"false,9223372036854775807,2.5,-0.05,1969-12-31,\xc3\xa9\xe2\x82\xac,1970-01-01 00:00:00\n"
        b"true,\\N,\\N,\\N,\\N,\\N,\\N\n\\N,-5,NaN,0,2024-02-29,abc,1970-01-01 00:00:00\n"))
    columns = [("b", "boolean"), ("l", "bigint"), ("f", "double"), ("c", "decimal(10,2)"), ("d", "date"), ("s", "varchar(9)"), ("t", "timestamp"),
               ("n", "array<int>")]
    glue.create_table(DatabaseName="fl", TableInput=lake.csv_table("types", "s3://flights/types/", columns))
    ended = run(glue, "types", role)
    assert ended["Status"] == "SUCCEEDED", ended
    got = known(glue, "types", *[name for name, _ in columns])

    def number(n):
        return decimal.Decimal(int.from_bytes(n["UnscaledValue"], "big", signed=True)).scaleb(-n["Scale"])

    assert got["b"] == ("BOOLEAN", {"NumberOfTrues": 2, "NumberOfFalses": 1, "NumberOfNulls": 1})
    assert got["l"] == ("LONG", {"MinimumValue": -5, "MaximumValue": 2**63 - 1, "NumberOfNulls": 1, "NumberOfDistinctValues": 3})
    assert {**got["f"][1], "NumberOfDistinctValues": 0} == {"MinimumValue": -1.5, "MaximumValue": 2.5, "NumberOfNulls": 1, "NumberOfDistinctValues": 0}
    kind, figures = got["c"]
    assert kind == "DECIMAL" and (number(figures["MinimumValue"]), number(figures["MaximumValue"])) == (decimal.Decimal("-0.05"), decimal.Decimal("12.50"))
    kind, figures = got["d"]
    assert kind == "DATE" and (figures["MinimumValue"].date(), figures["MaximumValue"].date()) == (datetime.date(1969, 12, 31), datetime.date(2024, 2, 29))
    assert got["s"] == ("STRING", {"MaximumLength": 3, "AverageLength": pytest.approx(8 / 3), "NumberOfNulls": 1, "NumberOfDistinctValues": 2})
    assert got["t"][1]["MinimumValue"] == 0 and got["t"][1]["MaximumValue"] == 1709210097
    assert "n" not in got  # nested types have no statistics
    with refused("InvalidInputException", "array<int>", 400):
        run(glue, "types", role, ColumnNameList=["n"])


def test_a_table_without_rows(glue, role):
    glue.create_table(DatabaseName="fl", TableInput=lake.csv_table("empty", "s3://flights/nothing/", [("a", "bigint"), ("s", "string")]))
    assert run(glue, "empty", role)["Status"] == "SUCCEEDED"
    got = known(glue, "empty", "a", "s")
    assert got["a"] == ("LONG", {"NumberOfNulls": 0, "NumberOfDistinctValues": 0})
    assert got["s"] == ("STRING", {"MaximumLength": 0, "AverageLength": 0.0, "NumberOfNulls": 0, "NumberOfDistinctValues": 0})


def test_some_columns_of_a_sample(glue, role):
    """A tenth of the rows: extremes lie within the true ones, and no other column is touched."""
    glue.delete_column_statistics_for_table(DatabaseName="fl", TableName="flights", ColumnName="origin")
    ended = run(glue, "flights", role, ColumnNameList=["Delay"], SampleSize=10.0)
    assert (ended["Status"], ended["SampleSize"], ended["ColumnNameList"]) == ("SUCCEEDED", 10.0, ["Delay"])
    delay = pq.read_table(DATA / "flights")["delay"]
    figures = known(glue, "flights", "delay")["delay"][1]
    assert pc.min(delay).as_py() <= figures["MinimumValue"] <= figures["MaximumValue"] <= pc.max(delay).as_py()
    assert about(figures["NumberOfNulls"], delay.null_count, 0.5)
    assert "origin" not in known(glue, "flights", "origin")
    with refused("InvalidInputException", "SampleSize", 400):
        run(glue, "flights", role, SampleSize=0.0)
    with refused("InvalidInputException", "nowhere", 400):
        run(glue, "flights", role, ColumnNameList=["nowhere"])


WITHOUT = {
    "glue:UpdateColumnStatisticsForTable": "UpdateColumnStatisticsForTable", "glue:GetTable": "glue:GetTable",
    "s3:GetObject": "s3:GetObject", "s3:ListBucket": "s3:ListBucket",
}


@pytest.mark.parametrize("action", WITHOUT)
def test_a_run_has_its_roles_rights_only(glue, admin, action):
    """The caller may do everything, the role may not: the role is what counts."""
    missing = admin.role(
        allow("glue:*", "s3:*"), deny(action),
        name="without-" + action.replace(":", "-"), trusts=trust(service="glue.amazonaws.com"))
    glue.delete_column_statistics_for_table(DatabaseName="fl", TableName="birdstrikes", ColumnName="cost__total__")
    ended = run(glue, "birdstrikes", missing)
    assert ended["Status"] == "FAILED" and WITHOUT[action] in ended["ErrorMessage"], ended
    column = glue.get_table(DatabaseName="fl", Name="birdstrikes")["Table"]["StorageDescriptor"]["Columns"][0]["Name"]
    errors = glue.get_column_statistics_for_table(DatabaseName="fl", TableName="birdstrikes", ColumnNames=[column])["Errors"]
    assert [e["Error"]["ErrorCode"] for e in errors] == ["EntityNotFoundException"]


def test_a_role_is_passed_only_by_who_may(glue, admin, role):
    user = admin.user(allow("glue:*"))
    with refused("AccessDeniedException", f"User: {user.arn} is not authorized to perform: iam:PassRole on resource: {role}", 400):
        user.client("glue").start_column_statistics_task_run(DatabaseName="fl", TableName="flights", Role=role)
    foreign = admin.role(allow("*"), name="foreign", trusts=trust(service="lambda.amazonaws.com"))
    with refused("InvalidInputException", "Service is unable to assume provided role", 400):
        glue.start_column_statistics_task_run(DatabaseName="fl", TableName="flights", Role=foreign)


def pages(operation, items, **given):
    """All items of a list that is read one by one: botocore has no paginator for these."""
    found = []
    while True:
        answer = operation(MaxResults=1, **given)
        assert len(answer[items]) <= 1
        found += answer[items]
        if "NextToken" not in answer:
            return found
        given["NextToken"] = answer["NextToken"]


def test_runs_are_listed(glue, role):
    runs = pages(glue.get_column_statistics_task_runs, "ColumnStatisticsTaskRuns", DatabaseName="fl", TableName="flights")
    assert len(runs) >= 2 and all(r["TableName"] == "flights" and r["Role"] == role for r in runs)
    assert [r["CreationTime"] for r in runs] == sorted((r["CreationTime"] for r in runs), reverse=True)
    every = pages(glue.list_column_statistics_task_runs, "ColumnStatisticsTaskRunIds")
    assert {r["ColumnStatisticsTaskRunId"] for r in runs} < set(every) and len(set(every)) == len(every)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_column_statistics_task_run(ColumnStatisticsTaskRunId="none")
    with pytest.raises(glue.exceptions.ColumnStatisticsTaskNotRunningException):
        glue.stop_column_statistics_task_run(DatabaseName="fl", TableName="flights")


def test_settings_and_their_schedule(glue, role):
    table = {"DatabaseName": "fl", "TableName": "airports"}
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_column_statistics_task_settings(**table)
    glue.create_column_statistics_task_settings(**table, Role=role, Schedule="cron(15 3 ? * MON-FRI *)", ColumnNameList=["name"])
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_column_statistics_task_settings(**table, Role=role)
    got = glue.get_column_statistics_task_settings(**table)["ColumnStatisticsTaskSettings"]
    assert got["Schedule"] == {"ScheduleExpression": "cron(15 3 ? * MON-FRI *)", "State": "SCHEDULED"}
    assert (got["Role"], got["ColumnNameList"], got["SettingSource"], got["ScheduleType"]) == (role, ["name"], "TABLE", "CRON")
    glue.stop_column_statistics_task_run_schedule(**table)
    assert glue.get_column_statistics_task_settings(**table)["ColumnStatisticsTaskSettings"]["Schedule"]["State"] == "NOT_SCHEDULED"
    glue.start_column_statistics_task_run_schedule(**table)
    glue.update_column_statistics_task_settings(**table, SampleSize=50.0)
    got = glue.get_column_statistics_task_settings(**table)["ColumnStatisticsTaskSettings"]
    assert (got["SampleSize"], got["Schedule"]["State"], got["ColumnNameList"]) == (50.0, "SCHEDULED", ["name"])
    for bad in ("cron(0 0 * * * *)", "cron(0/1 * * * ? *)", "rate(1 day)", "tomorrow"):
        with refused("InvalidInputException", "schedule", 400):
            glue.update_column_statistics_task_settings(**table, Schedule=bad)
    glue.delete_column_statistics_task_settings(**table)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.update_column_statistics_task_settings(**table, SampleSize=5.0)


def long(column, distinct):
    return {"ColumnName": column, "ColumnType": "bigint", "AnalyzedTime": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), "StatisticsData": {
        "Type": "LONG", "LongColumnStatisticsData": {"MinimumValue": -1, "MaximumValue": 9, "NumberOfNulls": 0, "NumberOfDistinctValues": distinct}}}


def test_statistics_of_partitions(glue):
    part = {"DatabaseName": "fl", "TableName": "flights", "PartitionValues": ["2001", "03"]}
    assert glue.update_column_statistics_for_partition(**part, ColumnStatisticsList=[long("delay", 5)])["Errors"] == []
    got = glue.get_column_statistics_for_partition(**part, ColumnNames=["delay", "origin"])
    assert got["ColumnStatisticsList"] == [long("delay", 5)]
    assert [(e["ColumnName"], e["Error"]["ErrorCode"]) for e in got["Errors"]] == [("origin", "EntityNotFoundException")]
    glue.delete_column_statistics_for_partition(**part, ColumnName="delay")
    assert glue.get_column_statistics_for_partition(**part, ColumnNames=["delay"])["ColumnStatisticsList"] == []
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_column_statistics_for_partition(**{**part, "PartitionValues": ["2001", "13"]}, ColumnNames=["delay"])


def test_limits(glue):
    table = {"DatabaseName": "fl", "TableName": "flights"}
    with refused("ValidationException", "columnStatisticsList", 400):
        glue.update_column_statistics_for_table(**table, ColumnStatisticsList=[long(f"c{n}", 1) for n in range(26)])
    with refused("ValidationException", "columnNames", 400):
        glue.get_column_statistics_for_table(**table, ColumnNames=[f"c{n}" for n in range(101)])
    two = long("delay", 1)
    two["StatisticsData"]["BooleanColumnStatisticsData"] = {"NumberOfTrues": 0, "NumberOfFalses": 0, "NumberOfNulls": 0}
    with refused("InvalidInputException", "BooleanColumnStatisticsData", 400):
        glue.update_column_statistics_for_table(**table, ColumnStatisticsList=[two])


@pytest.mark.parametrize("action", ["glue:UpdateColumnStatisticsForTable", "glue:UpdateTable"])
def test_either_right_is_enough_to_write(glue, admin, action):
    """The model names UpdateTable, the published authorization data the operation itself."""
    tables = [f"arn:aws:glue:us-east-1:{admin.account}:{r}" for r in ("catalog", "database/fl", "table/fl/flights")]
    keys = admin.user(allow(action, on=tables))
    user, user_arn = keys.client("glue"), keys.arn
    change = {"DatabaseName": "fl", "TableName": "flights", "ColumnStatisticsList": [long("delay", 5)]}
    assert user.update_column_statistics_for_table(**change)["Errors"] == []
    with refused("AccessDeniedException", f"{user_arn} is not authorized to perform: glue:GetColumnStatisticsForTable", 400):
        user.get_column_statistics_for_table(DatabaseName="fl", TableName="flights", ColumnNames=["delay"])
    denied = admin.user(allow("glue:*"), deny(action)).client("glue")
    with refused("AccessDeniedException", "with an explicit deny", 400):
        denied.update_column_statistics_for_table(**change)


def test_a_run_survives_kill_9():
    """The server dies right after it accepted a run; the next one performs it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bindery-test-"))
    server = Server.start(folder / "data")
    try:
        admin = server.admin()
        glue, s3 = admin.client("glue"), admin.client("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_object(Bucket="kept", Key="t/a.csv", Body=b"1\n2\n3\n")
        glue.create_database(DatabaseInput={"Name": "d"})
        glue.create_table(DatabaseName="d", TableInput=lake.csv_table("t", "s3://kept/t/", [("a", "bigint")]))
        started = glue.start_column_statistics_task_run(DatabaseName="d", TableName="t", Role=crawling(admin))["ColumnStatisticsTaskRunId"]
        server.kill()
        server = Server.start(folder / "data")
        glue = dataclasses.replace(admin, url=server.url).client("glue")
        until("the run", lambda: glue.get_column_statistics_task_run(
            ColumnStatisticsTaskRunId=started)["ColumnStatisticsTaskRun"]["Status"] == "SUCCEEDED", 60, every=0.02)
        assert known(glue, "t", "a", database="d")["a"][1]["MaximumValue"] == 3
    finally:
        server.kill()
        shutil.rmtree(folder)
