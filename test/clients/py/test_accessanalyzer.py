"""Access Analyzer's ValidatePolicy as boto3 calls it."""

import json

import pytest
from botocore.exceptions import ClientError

MISPRINTS = {
    "glue:BatchDeletetTable": "glue:BatchDeleteTable",
    "glue:UpdatateUserDefinedFunction": "glue:UpdateUserDefinedFunction",
    "glue:BatchCreatePartitions": "glue:BatchCreatePartition",
    "kms:ReEncrypt": "kms:ReEncrypt*",
}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


@pytest.fixture(scope="module")
def analyzer(admin):
    return admin.client("accessanalyzer")


def codes(answer):
    return [(f["findingType"], f["issueCode"]) for f in answer["findings"]]


def test_a_good_policy_has_no_findings(analyzer):
    text = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"})
    assert analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")["findings"] == []


@pytest.mark.parametrize("action,meant", MISPRINTS.items())
def test_misprints_of_published_documents(analyzer, action, meant):
    text = document({"Effect": "Deny", "Action": ["s3:GetObject", action], "Resource": "*"})
    [finding] = analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")["findings"]
    assert (finding["findingType"], finding["issueCode"]) == ("ERROR", "INVALID_ACTION")
    assert f"did you mean {meant}?" in finding["findingDetails"]
    [location] = finding["locations"]
    assert location["path"] == [{"value": "Statement"}, {"index": 0}, {"value": "Action"}, {"index": 1}]
    span = location["span"]
    assert text[span["start"]["offset"]:span["end"]["offset"]] == json.dumps(action)
    line = text.splitlines()[span["start"]["line"] - 1]
    assert line[span["start"]["column"]:].startswith(json.dumps(action))
    assert finding["learnMoreLink"].startswith("https://")


def test_the_kind_of_policy_counts(analyzer):
    text = document({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"})
    trust = analyzer.validate_policy(
        policyDocument=text, policyType="RESOURCE_POLICY", validatePolicyResourceType="AWS::IAM::AssumeRolePolicyDocument")
    assert trust["findings"] == []
    assert ("ERROR", "UNSUPPORTED_PRINCIPAL") in codes(analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY"))
    assert ("ERROR", "MISSING_RESOURCE") in codes(analyzer.validate_policy(policyDocument=text, policyType="RESOURCE_POLICY"))


def test_text_that_is_no_json(analyzer):
    text = '{\n  "Version": "2012-10-17", -- a comment\n}'
    [finding] = analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")["findings"]
    assert finding["issueCode"] == "JSON_SYNTAX_ERROR"
    assert finding["locations"][0]["span"]["start"]["line"] == 2


def test_pages(analyzer):
    text = document(*[{"Effect": "Deny", "Action": f"glue:Nothing{n}Here", "Resource": "*"} for n in range(7)])
    whole = analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY")["findings"]
    assert len(whole) >= 7
    pages = analyzer.get_paginator("validate_policy").paginate(
        policyDocument=text, policyType="IDENTITY_POLICY", PaginationConfig={"PageSize": 2})
    pieces = [p["findings"] for p in pages]
    assert len(pieces) == (len(whole) + 1) // 2
    assert [f for p in pieces for f in p] == whole
    token = analyzer.validate_policy(policyDocument=text, policyType="IDENTITY_POLICY", maxResults=2)["nextToken"]
    with pytest.raises(ClientError) as other:
        analyzer.validate_policy(policyDocument=document(), policyType="IDENTITY_POLICY", nextToken=token)
    assert other.value.response["Error"]["Code"] == "ValidationException"


def test_wrong_input(analyzer):
    for wrong in ({"maxResults": 0}, {"maxResults": 101}, {"policyType": "NOTHING"}, {"policyDocument": ""}):
        with pytest.raises(ClientError) as refusal:
            analyzer.validate_policy(**{"policyDocument": "{}", "policyType": "IDENTITY_POLICY", **wrong})
        assert refusal.value.response["Error"]["Code"] == "ValidationException", wrong
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_others_are_refused(admin, analyzer):
    with pytest.raises(ClientError) as unbuilt:
        analyzer.list_analyzers()
    assert unbuilt.value.response["Error"]["Code"] == "UnsupportedOperationException"
    nobody = admin.user()
    with pytest.raises(ClientError) as stranger:
        nobody.client("accessanalyzer").validate_policy(policyDocument="{}", policyType="IDENTITY_POLICY")
    assert stranger.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "access-analyzer:ValidatePolicy" in stranger.value.response["Error"]["Message"]
