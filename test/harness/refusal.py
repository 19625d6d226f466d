"""What a refused call must look like to a boto3 client."""

import contextlib

import botocore.exceptions
import pytest


@contextlib.contextmanager
def refused(code, text="", status=None):
    """The block must end in this AWS error. The error is yielded through `.value`."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield caught
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    assert text in error["Error"]["Message"], error["Error"]["Message"]
    if status:
        assert error["ResponseMetadata"]["HTTPStatusCode"] == status, error
    assert error["ResponseMetadata"]["RequestId"], "an error without a request id cannot be explained"


def denied(keys, action, resource=None, why="because no identity-based policy allows the"):
    """AWS's words for a missing permission, as JSON services say them."""
    return refused("AccessDeniedException", _words(keys, action, resource, why))


def denied_xml(keys, action, resource=None, why="because no identity-based policy allows the"):
    """The same from IAM, STS and S3."""
    return refused("AccessDenied", _words(keys, action, resource, why), 403)


def _words(keys, action, resource, why):
    text = f"User: {keys.arn} is not authorized to perform: {action} on resource: "
    return text if resource is None else f"{text}{resource} {why}"
