"""What iceberg-go's suite expects to find: a database, and an Iceberg table in it.
PyIceberg makes the table, in a process of its own with its own Python.
"""

import contextlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "harness"))

from server import Server  # noqa: E402  (the line above makes it importable)

DATABASE, TABLE, LOCATION = "suite_database", "suite_table", "s3://suite-bucket/tables"

_MAKE = """
import boto3, os, sys
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

database, table, location = sys.argv[1:]
boto3.client("s3").create_bucket(Bucket=location.split("/")[2])
catalog = GlueCatalog("glue", **{"s3.endpoint": os.environ["AWS_ENDPOINT_URL"], "s3.region": os.environ["AWS_REGION"]})
catalog.create_namespace(database)
schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType(), required=False))
print(catalog.create_table((database, table), schema, location=f"{location}/{table}").metadata_location)
"""


@contextlib.contextmanager
def serving(python):
    """Serves for as long as the suite runs. Gives the environment that it reads, but for
    TEST_TABLE_LOCATION, and what that may be: {"metadata": …, "folder": …}."""
    server = Server.start()
    try:
        clients = {**server.admin().env(), "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        made = subprocess.run([python, "-c", _MAKE, DATABASE, TABLE, LOCATION], env=clients, check=True, stdout=subprocess.PIPE, text=True)
        yield {**clients, "TEST_DATABASE_NAME": DATABASE, "TEST_TABLE_NAME": TABLE}, {"metadata": made.stdout.strip(), "folder": LOCATION}
    finally:
        server.stop()
