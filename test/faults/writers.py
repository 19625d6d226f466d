"""Writers that keep a ledger: what they sent, and what was acknowledged.

A write is acknowledged when its call returned. One that was cut off is unknown: it
may be there, but then it must be there as a whole. After a restart each writer's
check() compares the server with its ledger, and says what does not agree.
"""

import base64
import hashlib
import json
import os

import botocore.exceptions
from botocore.config import Config

# A write that was cut off must not be tried again behind the ledger's back.
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=20)
CUT_OFF = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)


class Writer:
    """One client. Subclasses say how to write the n-th thing and how to check all."""

    service = ""

    def __init__(self, keys, tag):
        self.keys, self.tag, self.n = keys, tag, 0
        self.kept, self.unknown = [], []
        self.refused = None

    def client(self, keys=None):
        return (keys or self.keys).client(self.service, config=ONCE)

    def run(self, stopped):
        """Writes until the server goes away or stopped is set. A refusal that the
        writer does not expect ends it, and is reported by the round."""
        client = self.client()
        while not stopped.is_set():
            n, self.n = self.n, self.n + 1
            try:
                if self.write(client, n):
                    self.kept.append(n)
            except CUT_OFF:
                self.unknown.append(n)
                return
            except botocore.exceptions.ClientError as e:
                self.refused = e
                return

    def name(self, n):
        return f"{self.tag}-{n}".replace("-", "_")

    def write(self, client, n):
        raise NotImplementedError

    def check(self, keys):
        raise NotImplementedError


class Tables(Writer):
    """CreateTable: each acknowledged table is there, with its location."""

    service = "glue"

    def write(self, client, n):
        client.create_table(DatabaseName="faults", TableInput=table(self.name(n), {"n": str(n)}))
        return True

    def check(self, keys):
        client = self.client(keys)
        for n in self.kept:
            found = client.get_table(DatabaseName="faults", Name=self.name(n))["Table"]
            assert found["Parameters"] == {"n": str(n)}, f"{found['Name']} came back as {found['Parameters']}"
        for n in self.unknown:
            try:
                found = client.get_table(DatabaseName="faults", Name=self.name(n))["Table"]
            except client.exceptions.EntityNotFoundException:
                continue
            assert found["Parameters"] == {"n": str(n)} and found["VersionId"] == "0"


class Drops(Writer):
    """CreateTable, then DeleteTable: what was acknowledged as deleted stays deleted."""

    service = "glue"

    def write(self, client, n):
        client.create_table(DatabaseName="faults", TableInput=table(self.name(n), {}))
        client.delete_table(DatabaseName="faults", Name=self.name(n))
        return True

    def check(self, keys):
        client = self.client(keys)
        for n in self.kept:
            try:
                client.get_table(DatabaseName="faults", Name=self.name(n))
            except client.exceptions.EntityNotFoundException:
                continue
            raise AssertionError(f"{self.name(n)} was deleted, and is back")


class Versions(Writer):
    """UpdateTable with VersionId, several writers on one table: each acknowledged
    update is one version of its own, and no version came from nowhere."""

    service = "glue"
    shared = "contended"

    def write(self, client, n):
        now = client.get_table(DatabaseName="faults", Name=self.shared)["Table"]["VersionId"]
        try:
            client.update_table(DatabaseName="faults", VersionId=now, TableInput=table(self.shared, {"by": f"{self.tag} {n}"}))
        except client.exceptions.ConcurrentModificationException:
            return False
        return True

    def check(self, keys):
        found = [v["Table"].get("Parameters", {}).get("by") for v in versions(self.client(keys), self.shared)]
        mine = [int(by.split()[1]) for by in found if by and by.split()[0] == self.tag]
        assert len(set(mine)) == len(mine), f"a version of {self.tag} is there twice"
        lost = set(self.kept) - set(mine)
        assert not lost, f"{self.tag}: acknowledged updates {sorted(lost)} are in no version"
        alien = set(mine) - set(self.kept) - set(self.unknown)
        assert not alien, f"{self.tag}: versions {sorted(alien)} were refused, and are there"


def versions(client, name):
    """All versions of a table; their numbers must have no gap."""
    pages = client.get_paginator("get_table_versions").paginate(DatabaseName="faults", TableName=name)
    found = [v for page in pages for v in page["TableVersions"]]
    numbers = sorted(int(v["VersionId"]) for v in found)
    assert numbers == list(range(len(numbers))), f"versions of {name} with a gap: {numbers}"
    return found


class Partitions(Writer):
    """BatchCreatePartition: a batch is there as a whole or not at all."""

    service = "glue"
    table, size = "parted", 25

    def values(self, n):
        return [[self.tag, f"{n:06}-{i:02}"] for i in range(self.size)]

    def write(self, client, n):
        answer = client.batch_create_partition(
            DatabaseName="faults", TableName=self.table, PartitionInputList=[{"Values": v, "Parameters": {"n": str(n)}} for v in self.values(n)])
        assert not answer.get("Errors"), answer
        return True

    def check(self, keys):
        pages = self.client(keys).get_paginator("get_partitions").paginate(
            DatabaseName="faults", TableName=self.table, Expression=f"writer = '{self.tag}'")
        found = {p["Values"][1] for page in pages for p in page["Partitions"]}
        for n in self.kept + self.unknown:
            batch = {v[1] for v in self.values(n)}
            there = batch & found
            assert there in (batch, set()), f"{self.tag}: batch {n} is half there: {len(there)} of {self.size}"
            assert there or n in self.unknown, f"{self.tag}: acknowledged batch {n} is lost"
            found -= batch
        assert not found, f"{self.tag}: partitions nobody wrote: {sorted(found)[:5]}"


class Policies(Writer):
    """PutUserPolicy over and over: the last acknowledged text, or the one after it."""

    service = "iam"

    def __init__(self, keys, tag):
        super().__init__(keys, tag)
        self.client().create_user(UserName=self.tag)

    @staticmethod
    def text(n):
        return {"Version": "2012-10-17", "Statement": [{"Sid": f"N{n}", "Effect": "Allow", "Action": "glue:Get*", "Resource": "*"}]}

    def write(self, client, n):
        client.put_user_policy(UserName=self.tag, PolicyName="p", PolicyDocument=json.dumps(self.text(n)))
        return True

    def check(self, keys):
        client = self.client(keys)
        assert client.get_user(UserName=self.tag)["User"]["UserName"] == self.tag
        if self.kept:
            found = client.get_user_policy(UserName=self.tag, PolicyName="p")["PolicyDocument"]
            assert found in [self.text(n) for n in (self.kept[-1], *self.unknown)], f"{self.tag}: {found} is neither the last nor the next"


class Objects(Writer):
    """PutObject: each acknowledged object has its bytes, others are whole or absent."""

    service = "s3"

    def body(self, n):
        return hashlib.sha256(f"{self.tag} {n}".encode()).digest() * (1 + n * 37 % 3000)

    def write(self, client, n):
        client.put_object(Bucket="faults", Key=f"{self.tag}/{n}", Body=self.body(n))
        return True

    def check(self, keys):
        client = self.client(keys)
        for n in self.kept + self.unknown:
            try:
                found = client.get_object(Bucket="faults", Key=f"{self.tag}/{n}")["Body"].read()
            except client.exceptions.NoSuchKey:
                assert n in self.unknown, f"object {self.tag}/{n} is lost"
                continue
            assert found == self.body(n), f"object {self.tag}/{n} has {len(found)} other bytes"


def table(name, parameters):
    return {
        "Name": name, "Parameters": parameters, "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "bigint"}], "Location": f"s3://faults/{name}/"},
    }


def prepare(keys):
    """What the writers share, made once."""
    glue = keys.client("glue")
    glue.create_database(DatabaseInput={"Name": "faults"})
    glue.create_table(DatabaseName="faults", TableInput=table(Versions.shared, {}))
    keys.client("s3").create_bucket(Bucket="faults")
    parted = {**table(Partitions.table, {}), "PartitionKeys": [{"Name": "writer", "Type": "string"}, {"Name": "n", "Type": "string"}]}
    glue.create_table(DatabaseName="faults", TableInput=parted)


ALL = [Tables, Drops, Versions, Versions, Partitions, Partitions, Policies, Objects]


def crew(keys):
    """The eight writers, with names that no other crew has."""
    tag = base64.b32encode(os.urandom(5)).decode().lower()
    return [kind(keys, f"w{tag}{i}") for i, kind in enumerate(ALL)]
