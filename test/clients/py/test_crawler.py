"""Crawlers through boto3: a crawl with a service role makes the tables that queries read."""

import pytest

import lake
from identity import allow, trust
from refusal import refused
from server import until


@pytest.fixture(scope="module")
def glue(admin):
    s3 = admin.client("s3")
    s3.create_bucket(Bucket="raw")
    for day, rows in {"2024-01-01": "id,name,price\n1,apple,1.5\n2,pear,2.25\n", "2024-01-02": "id,name,price\n3,plum,10.0\n"}.items():
        s3.put_object(Bucket="raw", Key=f"orders/day={day}/part.csv", Body=rows.encode())
    for n in range(3):
        s3.put_object(Bucket="raw", Key=f"events/{n}.json", Body=b'{"user": "dana", "n": %d, "tags": ["a"]}\n' % n)
    admin.client("glue").create_database(DatabaseInput={"Name": "crawled"})
    return admin.client("glue")


@pytest.fixture(scope="module")
def role(admin):
    """What a crawler of this bucket needs, and the trust that lets Glue be it."""
    arns = [f"arn:aws:glue:us-east-1:{admin.account}:{r}" for r in ("catalog", "database/crawled", "table/crawled/*")]
    return admin.role(
        allow("glue:*", on=arns), allow("s3:GetObject", "s3:ListBucket", on=["arn:aws:s3:::raw", "arn:aws:s3:::raw/*"]),
        name="crawler", trusts=trust(service="glue.amazonaws.com"))


def crawl(glue, name):
    """Starts the crawler and waits for its end; returns what its last crawl says."""
    glue.start_crawler(Name=name)
    until(f"crawler {name} to be ready", lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY", 60, every=0.05)
    return glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]


def test_a_crawl_finds_tables_and_partitions(glue, role, admin):
    glue.create_crawler(Name="raw", Role=role, DatabaseName="crawled", Targets={"S3Targets": [{"Path": "s3://raw/"}]}, Tags={"team": "blue"})
    last = crawl(glue, "raw")
    assert last["Status"] == "SUCCEEDED", last
    tables = {t["Name"]: t for t in glue.get_tables(DatabaseName="crawled")["TableList"]}
    assert set(tables) == {"orders", "events"}
    orders = tables["orders"]
    assert [(c["Name"], c["Type"]) for c in orders["StorageDescriptor"]["Columns"]] == [("id", "bigint"), ("name", "string"), ("price", "double")]
    assert orders["PartitionKeys"] == [{"Name": "day", "Type": "string"}]
    assert orders["Parameters"]["classification"] == "csv" and orders["Parameters"]["UPDATED_BY_CRAWLER"] == "raw"
    found = glue.get_partitions(DatabaseName="crawled", TableName="orders")["Partitions"]
    assert [p["Values"] for p in found] == [["2024-01-01"], ["2024-01-02"]]
    assert ("tags", "array<string>") in [(c["Name"], c["Type"]) for c in tables["events"]["StorageDescriptor"]["Columns"]]


def test_what_was_crawled_can_be_asked(glue, admin):
    athena = admin.client("athena")
    admin.client("s3").create_bucket(Bucket="answers")
    got = lake.run(athena, "select day, count(*), sum(price) from orders group by day order by day", "crawled", "s3://answers/")
    assert lake.rows(athena, got) == [["2024-01-01", "2", "3.75"], ["2024-01-02", "1", "10.0"]]


def test_a_second_crawl_changes_only_what_changed(glue, admin):
    before = glue.get_table(DatabaseName="crawled", Name="events")["Table"]
    admin.client("s3").put_object(Bucket="raw", Key="orders/day=2024-01-03/part.csv", Body=b"id,name,price\n4,fig,0.5\n")
    assert crawl(glue, "raw")["Status"] == "SUCCEEDED"
    assert len(glue.get_partitions(DatabaseName="crawled", TableName="orders")["Partitions"]) == 3
    after = glue.get_table(DatabaseName="crawled", Name="events")["Table"]
    assert after["StorageDescriptor"]["Columns"] == before["StorageDescriptor"]["Columns"]
    crawls = glue.list_crawls(CrawlerName="raw")["Crawls"]
    assert [c["State"] for c in crawls] == ["COMPLETED", "COMPLETED"]


def test_life_of_a_crawler(glue, role, admin):
    given = {"Name": "life", "Role": role, "DatabaseName": "crawled", "Targets": {"S3Targets": [{"Path": "s3://raw/orders", "Exclusions": ["**.tmp"]}]}}
    glue.create_crawler(**given, Description="d", TablePrefix="p_")
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_crawler(**given)
    got = glue.get_crawler(Name="life")["Crawler"]
    assert (got["State"], got["TablePrefix"], got["Description"], got["Version"]) == ("READY", "p_", "d", 1)
    assert got["Targets"]["S3Targets"][0] == {"Path": "s3://raw/orders", "Exclusions": ["**.tmp"]}
    glue.update_crawler(Name="life", Description="new")
    assert glue.get_crawler(Name="life")["Crawler"]["Description"] == "new"
    assert "life" in glue.list_crawlers()["CrawlerNames"]
    with pytest.raises(glue.exceptions.CrawlerNotRunningException):
        glue.stop_crawler(Name="life")
    glue.delete_crawler(Name="life")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_crawler(Name="life")


def test_tags(glue, admin):
    arn = f"arn:aws:glue:us-east-1:{admin.account}:crawler/raw"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "blue"}
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"x": "y"})
    glue.untag_resource(ResourceArn=arn, TagsToRemove=["team"])
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"x": "y"}
    assert glue.list_crawlers(Tags={"x": "y"})["CrawlerNames"] == ["raw"]


def test_a_crawler_reads_with_its_roles_rights(glue, admin):
    """The caller may read the bucket, the role may not: the role is what counts."""
    blind = admin.role(allow("glue:*"), name="blind", trusts=trust(service="glue.amazonaws.com"))
    glue.create_database(DatabaseInput={"Name": "dark"})
    glue.create_crawler(Name="blind", Role=blind, DatabaseName="dark", Targets={"S3Targets": [{"Path": "s3://raw/"}]})
    last = crawl(glue, "blind")
    assert last["Status"] == "FAILED" and last["ErrorMessage"], last
    assert glue.get_tables(DatabaseName="dark")["TableList"] == []


def test_a_role_is_passed_only_by_who_may(glue, admin, role):
    user = admin.user(allow("glue:*"))
    with refused("AccessDeniedException", f"User: {user.arn} is not authorized to perform: iam:PassRole on resource: {role}", 400):
        user.client("glue").create_crawler(Name="passed", Role=role, DatabaseName="crawled", Targets={"S3Targets": [{"Path": "s3://raw/"}]})


def test_a_role_must_trust_glue(glue, admin):
    foreign = admin.role(allow("*"), name="foreign", trusts=trust(service="lambda.amazonaws.com"))
    for name in (foreign, "missing-role"):
        with refused("InvalidInputException", "Service is unable to assume provided role", 400):
            glue.create_crawler(Name="foreign", Role=name, DatabaseName="crawled", Targets={"S3Targets": [{"Path": "s3://raw/"}]})
