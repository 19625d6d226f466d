"""The catalog's resource policy: another account reads what both sides allow, and nothing else."""

import json

import pytest

import lake
from identity import allow, deny
from refusal import refused
from server import REGION


@pytest.fixture(scope="module")
def one(admin):
    """An administrator of the first account, with two databases."""
    glue = admin.client("glue")
    for database in ("shared", "private"):
        glue.create_database(DatabaseInput={"Name": database})
        for table in ("orders", "salaries"):
            glue.create_table(DatabaseName=database, TableInput=lake.csv_table(table, f"s3://of-one/{database}/{table}/", [("id", "bigint")]))
    return admin


@pytest.fixture(scope="module")
def two(second):
    """An administrator of the second account."""
    return second.user(allow("*"), name="admin")


@pytest.fixture(autouse=True)
def without_policy(one):
    """Each test begins and ends without a policy."""
    yield
    try:
        one.client("glue").delete_resource_policy()
    except one.client("glue").exceptions.EntityNotFoundException:
        pass


def arns(account, *suffixes):
    return [f"arn:aws:glue:{REGION}:{account}:{s}" for s in suffixes]


SHARED = ("catalog", "database/shared", "table/shared/orders")


def put(owner, *statements, **more):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return owner.client("glue").put_resource_policy(PolicyInJson=text, **more)["PolicyHash"]


def grant(owner, who, *actions, on=SHARED):
    return {**allow(*actions, on=arns(owner.account, *on)), "Principal": {"AWS": who}}


def forbid(owner, who, *actions, on):
    return {**deny(*actions, on=arns(owner.account, *on)), "Principal": who if who == "*" else {"AWS": who}}


def read(keys, owner, table="orders"):
    return keys.client("glue").get_table(CatalogId=owner.account, DatabaseName="shared", Name=table)["Table"]


def test_when_and_only_when_both_sides_allow(one, two, second):
    """Each of the four cases, the user's policy being what the second account says."""
    may = second.user(allow("glue:GetTable", on=arns(one.account, *SHARED)))
    may_not = second.user(allow("glue:GetTable", on=arns(second.account, *SHARED)))
    for keys in (may, may_not, two):
        with refused("AccessDeniedException", "because no resource-based policy allows the glue:GetTable action"):
            read(keys, one)
    put(one, grant(one, second.account, "glue:GetTable"))
    assert read(may, one)["CatalogId"] == one.account
    assert read(two, one)["Name"] == "orders"
    with refused("AccessDeniedException", "because no identity-based policy allows the glue:GetTable action"):
        read(may_not, one)
    with refused("AccessDeniedException", "table/shared/salaries"):
        read(two, one, "salaries")
    one.client("glue").delete_resource_policy()
    with refused("AccessDeniedException"):
        read(may, one)


def test_who_is_named_and_nobody_else(one, second):
    everything = allow("glue:*")
    dana, eve = second.user(everything), second.user(everything)
    role = second.role(everything)
    put(one, grant(one, [dana.arn, role], "glue:GetTable"))
    assert read(dana, one) and read(second.user(allow("*")).assume(role), one)
    with refused("AccessDeniedException"):
        read(eve, one)


def test_a_principal_is_a_person_not_a_name(one, second):
    first = second.user(allow("glue:*"), name="phoenix")
    put(one, grant(one, first.arn, "glue:GetTable"))
    assert read(first, one)
    iam = second.client("iam")
    iam.delete_access_key(UserName="phoenix", AccessKeyId=first.id)
    iam.delete_user_policy(UserName="phoenix", PolicyName="inline")
    iam.delete_user(UserName="phoenix")
    again = second.user(allow("glue:*"), name="phoenix")
    with refused("AccessDeniedException"):
        read(again, one)
    assert "phoenix" not in one.client("glue").get_resource_policy()["PolicyInJson"]


def test_every_ancestor_counts(one, two, second):
    for missing in SHARED:
        put(one, grant(one, second.account, "glue:GetTable", on=[s for s in SHARED if s != missing]))
        with refused("AccessDeniedException", f":{missing} "):
            read(two, one)


def test_a_deny_wins_on_either_side(one, two, second):
    put(one, grant(one, second.account, "glue:Get*", on=["*"]), forbid(one, second.account, "glue:GetTable", on=["table/shared/salaries"]))
    assert read(two, one)
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        read(two, one, "salaries")
    careful = second.user(allow("*"), deny("glue:*", on=arns(one.account, "database/shared")))
    with refused("AccessDeniedException", "with an explicit deny in an identity-based policy"):
        read(careful, one)


def test_lists_show_what_both_sides_allow(one, two, second):
    glue = two.client("glue")
    put(one, grant(one, second.account, "glue:Get*", "glue:SearchTables", on=["catalog", "database/shared", "table/shared/o*"]))
    assert [d["Name"] for d in glue.get_databases(CatalogId=one.account)["DatabaseList"]] == ["shared"]
    assert [t["Name"] for t in glue.get_tables(CatalogId=one.account, DatabaseName="shared")["TableList"]] == ["orders"]
    found = glue.search_tables(CatalogId=one.account, SearchText="id")["TableList"]
    assert [(t["DatabaseName"], t["Name"]) for t in found] == [("shared", "orders")]
    with refused("AccessDeniedException", "database/private"):
        glue.get_tables(CatalogId=one.account, DatabaseName="private")
    put(one, grant(one, second.account, "glue:Get*", on=["*"]), forbid(one, "*", "glue:GetTables", on=["table/shared/salaries"]))
    names = [t["Name"] for t in glue.get_tables(CatalogId=one.account, DatabaseName="shared")["TableList"]]
    assert names == ["orders"]
    own = one.client("glue").get_tables(DatabaseName="shared")["TableList"]
    assert [t["Name"] for t in own] == ["orders"], "a deny on everybody counts for the owner's people, too"


def test_writing_makes_things_of_the_owner(one, two, second):
    put(one, grant(one, second.account, "glue:CreateTable", "glue:GetTable", "glue:DeleteTable", on=["catalog", "database/shared", "table/shared/guest*"]))
    two.client("glue").create_table(CatalogId=one.account, DatabaseName="shared", TableInput={"Name": "guests"})
    made = one.client("glue").get_table(DatabaseName="shared", Name="guests")["Table"]
    assert made["CatalogId"] == one.account and made["CreatedBy"] == two.arn
    with refused("AccessDeniedException", "table/shared/other"):
        two.client("glue").create_table(CatalogId=one.account, DatabaseName="shared", TableInput={"Name": "other"})
    two.client("glue").delete_table(CatalogId=one.account, DatabaseName="shared", Name="guests")


def test_in_the_own_account_either_side_is_enough(one):
    nobody = one.user()
    with refused("AccessDeniedException", "no identity-based policy"):
        read(nobody, one)
    put(one, grant(one, nobody.arn, "glue:GetTable"))
    assert read(nobody, one)
    put(one, grant(one, one.account, "glue:GetTable"))
    with refused("AccessDeniedException", "no identity-based policy"):
        read(nobody, one)


def test_crawlers_are_never_shared(one, two, second):
    put(one, grant(one, second.account, "glue:*", on=["*"]))
    with refused("AccessDeniedException"):
        two.client("glue").get_tags(ResourceArn=arns(one.account, "crawler/any")[0])


def test_conditions_of_put_and_delete(one, second):
    glue = one.client("glue")
    statement = grant(one, second.account, "glue:GetTable")
    with refused("EntityNotFoundException"):
        put(one, statement, PolicyExistsCondition="MUST_EXIST")
    first = put(one, statement, PolicyExistsCondition="NOT_EXIST")
    with refused("ConditionCheckFailureException"):
        put(one, statement, PolicyExistsCondition="NOT_EXIST")
    with refused("ConditionCheckFailureException"):
        put(one, statement, PolicyHashCondition="other")
    second_hash = put(one, grant(one, second.account, "glue:GetTables"), PolicyHashCondition=first)
    got = glue.get_resource_policy()
    assert got["PolicyHash"] == second_hash != first and got["UpdateTime"] >= got["CreateTime"]
    assert [p["PolicyHash"] for p in glue.get_resource_policies()["GetResourcePoliciesResponseList"]] == [second_hash]
    with refused("ConditionCheckFailureException"):
        glue.delete_resource_policy(PolicyHashCondition=first)
    glue.delete_resource_policy(PolicyHashCondition=second_hash)
    with refused("EntityNotFoundException"):
        glue.get_resource_policy()


def test_what_a_policy_may_not_say(one, second):
    for statement in (
        {**grant(one, second.account, "glue:*"), "Resource": "*"},
        grant(second, second.account, "glue:*"),
        grant(one, second.account, "s3:*"),
        grant(one, f"arn:aws:iam::{second.account}:user/*", "glue:*"),
        grant(one, f"arn:aws:iam::{second.account}:user/not-there", "glue:*"),
        grant(one, second.account, "glue:*", on=["job/any"]),
        allow("glue:*", on=arns(one.account, *SHARED)),
        forbid(one, "*", "glue:*", on=["*"]),
    ):
        with refused("InvalidInputException"):
            put(one, statement)
    with refused("InvalidInputException", "Glue resource level policy is not currently supported"):
        put(one, grant(one, second.account, "glue:*"), ResourceArn=arns(one.account, "catalog")[0])


def test_tags_decide(one, second):
    """aws:ResourceTag is what a database says, in the operations on it as in those on its tags."""
    glue = one.client("glue")
    database = arns(one.account, "database/private")[0]
    tagged = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}}
    user = one.user(allow("glue:GetDatabase", "glue:GetTags", on=arns(one.account, "catalog")), allow("glue:GetDatabase", "glue:GetTags", on=database, **tagged))
    with refused("AccessDeniedException", "database/private"):
        user.client("glue").get_database(Name="private")
    glue.tag_resource(ResourceArn=database, TagsToAdd={"team": "red"})
    assert user.client("glue").get_database(Name="private")["Database"]["Name"] == "private"
    assert user.client("glue").get_tags(ResourceArn=database)["Tags"] == {"team": "red"}
    glue.tag_resource(ResourceArn=database, TagsToAdd={"team": "blue"})
    with refused("AccessDeniedException"):
        user.client("glue").get_database(Name="private")
    careful = one.user(allow("glue:TagResource", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}), deny("glue:TagResource", Condition={"StringEquals": {"aws:RequestTag/team": "gold"}}))
    careful.client("glue").tag_resource(ResourceArn=database, TagsToAdd={"team": "green"})
    for tags in ({"cost": "1"}, {"team": "gold"}):
        with refused("AccessDeniedException", "glue:TagResource"):
            careful.client("glue").tag_resource(ResourceArn=database, TagsToAdd=tags)
    with refused("InvalidInputException"):
        glue.tag_resource(ResourceArn=arns(one.account, "table/shared/orders")[0], TagsToAdd={"a": "b"})
