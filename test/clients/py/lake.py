"""A small lake for the suites that ask: a bucket, a database, tables over files."""

from server import until

TEXT = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", "Parameters": {"field.delim": ","}},
}


def csv_table(name, location, columns, keys=(), **more):
    """TableInput of a table over text files with commas."""
    def shape(pairs):
        return [{"Name": n, "Type": t} for n, t in pairs]

    return {
        "Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": shape(keys), "Parameters": {"classification": "csv"},
        "StorageDescriptor": {"Columns": shape(columns), "Location": location, **TEXT}, **more,
    }


def fill(keys, bucket, database):
    """orders: three rows of two regions, partitioned by region."""
    s3, glue = keys.client("s3"), keys.client("glue")
    s3.create_bucket(Bucket=bucket)
    glue.create_database(DatabaseInput={"Name": database})
    at = f"s3://{bucket}/{database}/orders/"
    glue.create_table(DatabaseName=database, TableInput=csv_table(
        "orders", at, [("id", "bigint"), ("item", "string"), ("price", "decimal(10,2)")], [("region", "string")]))
    for region, rows in {"eu": b"1,apple,1.50\n2,,2.25\n", "us": b"3,plum,10\n"}.items():
        s3.put_object(Bucket=bucket, Key=f"{database}/orders/region={region}/part-0.csv", Body=rows)
        table = csv_table("orders", f"{at}region={region}/", [("id", "bigint"), ("item", "string"), ("price", "decimal(10,2)")])
        glue.create_partition(DatabaseName=database, TableName="orders", PartitionInput={"Values": [region], "StorageDescriptor": table["StorageDescriptor"]})


ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


def run(athena, sql, database, output=None, **more):
    """Runs a statement to its end, polling as clients do; returns the execution."""
    if output:
        more["ResultConfiguration"] = {"OutputLocation": output}
    query = athena.start_query_execution(QueryString=sql, QueryExecutionContext={"Database": database}, **more)["QueryExecutionId"]

    def ended():
        found = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        return found["Status"]["State"] in ENDED and found

    return until(f"the end of {sql!r}", ended, 60, every=0.02)


def rows(athena, execution):
    """The rows of a result as lists of texts, without the header; NULL is None."""
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
    every = [[d.get("VarCharValue") for d in r["Data"]] for p in pages for r in p["ResultSet"]["Rows"]]
    return every[1:]
