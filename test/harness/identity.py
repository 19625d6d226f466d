"""Who calls: access keys, and users and roles with exactly the policies a test names."""

import dataclasses
import functools
import itertools
import json
import os
import threading
from unittest import mock

import boto3
import botocore.loaders
import botocore.session

# Reading a service's model takes a tenth of a second; all sessions share one copy.
_models = botocore.loaders.create_loader()
_serial = itertools.count(1)
_environment = threading.Lock()  # os.environ belongs to all threads


def allow(*actions, on="*", **more):
    """A statement. Further elements (Condition, Sid) go by name."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions, on="*", **more):
    return {**allow(*actions, on=on, **more), "Effect": "Deny"}


def document(*statements):
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*principals, service=None, **more):
    """A role's trust policy for ARNs or accounts, or for a service."""
    who = {"Service": service} if service else {"AWS": list(principals)}
    return document({"Effect": "Allow", "Principal": who, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], **more})


@dataclasses.dataclass(frozen=True)
class Keys:
    """An access key of an account, and the clients that use it."""

    url: str
    region: str
    account: str
    id: str
    secret: str
    token: str | None = None
    arn: str = ""

    def env(self):
        """What an AWS client reads: the whole of what our users have to change."""
        out = {
            "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": self.id,
            "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_DEFAULT_REGION": self.region,
        }
        return {**out, "AWS_SESSION_TOKEN": self.token} if self.token else out

    def client(self, service, **options):
        return _client(self, service, tuple(sorted(options.items())))

    def session(self):
        core = botocore.session.Session()
        core.register_component("data_loader", _models)
        return boto3.Session(self.id, self.secret, self.token, self.region, botocore_session=core)

    def user(self, *statements, name=None, boundary=None):
        """A new user with these inline statements; returns its keys."""
        iam = self.client("iam")
        name = name or f"user-{next(_serial)}"
        limits = {"PermissionsBoundary": boundary} if boundary else {}
        arn = iam.create_user(UserName=name, **limits)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return dataclasses.replace(self, id=key["AccessKeyId"], secret=key["SecretAccessKey"], token=None, arn=arn)

    def role(self, *statements, name=None, trusts=None, **more):
        """A new role; returns its ARN. It trusts this account unless told otherwise."""
        iam = self.client("iam")
        name = name or f"role-{next(_serial)}"
        policy = trusts or trust(self.account)
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy, **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
        return arn

    def assume(self, role, session="test", **more):
        """Keys of a session of the role."""
        answer = self.client("sts").assume_role(RoleArn=role, RoleSessionName=session, **more)
        return self.with_session(answer)

    def with_session(self, answer):
        """Keys from an STS answer."""
        c = answer["Credentials"]
        who = answer.get("AssumedRoleUser") or answer.get("FederatedUser") or {}
        account = who["Arn"].split(":")[4] if who else self.account
        return dataclasses.replace(
            self, account=account, id=c["AccessKeyId"], secret=c["SecretAccessKey"], token=c["SessionToken"],
            arn=who.get("Arn", self.arn),
        )


@functools.lru_cache(maxsize=256)
def _client(keys, service, options):
    with _environment, mock.patch.dict(os.environ, keys.env()):  # as users do: the address comes from the environment
        return keys.session().client(service, **dict(options))
