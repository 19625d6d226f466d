"""Whatever files people have: a crawl makes tables of them, and queries return exactly what the files hold.

Each case writes files below a folder of its own, all of which one crawler sees. Parquet
comes from pyarrow; the other formats are written out, so that the bytes can be read here.
"""

import datetime
import decimal
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lake
from identity import allow, trust
from test_crawler import crawl

HEADED = b"id,name,price\n1,apple,1.5\n2,pear,2.25\n"
PLAIN = [("id", "bigint"), ("name", "string"), ("price", "double")]
FRUIT = [["1", "apple", "1.5"], ["2", "pear", "2.25"]]
JSON = [("id", "int"), ("name", "string")]
PEOPLE = [["1", "a"], ["2", "b\nc"]]


def parquet(columns, **how):
    """Bytes of a Parquet file; values are arrays or lists."""
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **how)
    return out.getvalue()


def typed(kind, *values):
    return pa.array([*values, None], kind)


DAY, TIME = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56, 789000)
NESTED = pa.array([{"x": 1, "y": [1, None]}, None, {"x": None, "y": None}], pa.struct([("x", pa.int32()), ("y", pa.list_(pa.int64()))]))

# Name of the folder: (files, columns or None, rows as GetQueryResults gives them).
TABLES = {
    "csv_header": ({"a.csv": HEADED}, PLAIN, FRUIT),
    "csv_mark_crlf": ({"a.csv": b"\xef\xbb\xbf" + HEADED.replace(b"\n", b"\r\n")}, PLAIN, FRUIT),
    "csv_tab": ({"a.tsv": HEADED.replace(b",", b"\t")}, PLAIN, FRUIT),
    "csv_gzip": ({"a.csv.gz": gzip.compress(HEADED)}, PLAIN, FRUIT),
    "csv_blank": ({"a.csv": b"id,name,ok\n1,,true\n,b,\n"}, None, [["1", "", "true"], [None, "b", None]]),
    "csv_zip_codes": ({"a.csv": b"zip,city\n00501,Holtsville\n12345,Schenectady\n"}, [("zip", "string"), ("city", "string")],
                      [["00501", "Holtsville"], ["12345", "Schenectady"]]),
    "csv_padded": ({"a.csv": b"id,n,f\n1, 7, 1.5\n2,8 ,2.5\n"}, [("id", "bigint"), ("n", "string"), ("f", "double")],
                   [["1", " 7", "1.5"], ["2", "8 ", "2.5"]]),
    "csv_quoted": ({"a.csv": b'id,name\n1,"a,b"\n2,"say ""hi"""\n'}, None, [["1", "a,b"], ["2", 'say "hi"']]),
    "csv_quoted_lines": ({"a.csv": b'id,name\n1,"a\n\nb ""q"""\n2,"c:\\dir\\"\n'}, None, [["1", 'a\n\nb "q"'], ["2", "c:\\dir\\"]]),
    "csv_quoted_blank": ({"a.csv": b'id,name,n\n1,"x",5\n2,"y",\n'}, [("id", "bigint"), ("name", "string"), ("n", "string")],
                         [["1", "x", "5"], ["2", "y", ""]]),
    "csv_grown": ({"a.csv": HEADED, "b.csv": b"id,name,price,qty\n3,fig,9.0,7\n"}, [*PLAIN, ("qty", "bigint")],
                  [[*r, None] for r in FRUIT] + [["3", "fig", "9.0", "7"]]),
    "json_lines": ({"a.json": b'\xef\xbb\xbf{"Id":1,"Name":"a"}\r\n{"id":2,"name":"b\\nc"}\n'}, JSON, PEOPLE),
    "json_pretty": ({"a.json": b'{\n  "id": 1,\n  "name": "a"\n}\n{\n  "id": 2, "name": "b\\nc" }'}, JSON, PEOPLE),
    "json_array": ({"a.json": b'[{"id":1,"name":"a"},\n{"id":2,"name":"b\\nc"}]'}, JSON, PEOPLE),
    "json_arrays": ({f"{n}.json": json.dumps([{"ID": n}]).encode() for n in range(3)}, [("id", "int")], [["0"], ["1"], ["2"]]),
    "json_mixed": ({"a.json": b'{"a":1,"l":[{"x":1}]}\n{"a":"x","l":[]}\n{"b":12345678901234567890}\n'},
                   [("a", "string"), ("l", "array<struct<x:int>>"), ("b", "decimal(38,0)")],
                   [["1", "[{x=1}]", None], ["x", "[]", None], [None, None, "12345678901234567890"]]),
    "parquet_types": (
        {"a": parquet({
            "i": typed(pa.int8(), -128), "u": typed(pa.uint64(), 2**64 - 1), "f": typed(pa.float32(), 0.5), "b": typed(pa.binary(), b"\0\xff"),
            "d": typed(pa.date32(), DAY), "t": typed(pa.timestamp("ns"), TIME), "z": typed(pa.timestamp("ms", tz="UTC"), TIME),
            "c": typed(pa.decimal128(38, 2), decimal.Decimal("-1.25")), "h": typed(pa.time64("us"), datetime.time(1, 2, 3)),
        })},
        [("i", "tinyint"), ("u", "decimal(20,0)"), ("f", "float"), ("b", "binary"), ("d", "date"), ("t", "timestamp"), ("z", "timestamp"),
         ("c", "decimal(38,2)"), ("h", "string")],
        [["-128", str(2**64 - 1), "0.5", "00 ff", "2024-02-29", "2024-02-29 12:34:56.789", "2024-02-29 12:34:56.789", "-1.25", "01:02:03"], [None] * 9]),
    "parquet_nested": ({"a": parquet({"s": NESTED}, compression="zstd")}, [("s", "struct<x:int,y:array<bigint>>")],
                       [["{x=1, y=[1, null]}"], [None], ["{x=null, y=null}"]]),
    "parquet_int96": ({"a": parquet({"t": typed(pa.timestamp("ns"), TIME)}, use_deprecated_int96_timestamps=True)}, [("t", "timestamp")],
                      [["2024-02-29 12:34:56.789"], [None]]),
    "parquet_widened": ({"a": parquet({"a": pa.array([1], pa.int32()), "k": ["x"]}), "b": parquet({"k": ["y"], "a": pa.array([2**40])}),
                         "c": parquet({"a": pa.array([], pa.int32()), "k": pa.array([], pa.string())})},
                        [("a", "bigint"), ("k", "string")], [["1", "x"], [str(2**40), "y"]]),
    "parquet_encodings": ({"a": parquet({"s": ["x", "xy", None], "n": [1, 2, 3]}, use_dictionary=False, data_page_version="2.0", compression="gzip",
                                        column_encoding={"s": "DELTA_BYTE_ARRAY", "n": "DELTA_BINARY_PACKED"})}, None, [["x", "1"], ["xy", "2"], [None, "3"]]),
    "odd_keys": ({f"{k}.csv": HEADED for k in ("a*b", "a?[c]", "a'b\"", "a b+%20#", "日本\n", "{1,2}")}, PLAIN, FRUIT * 6),
    "hidden": ({"a.csv": HEADED, "_SUCCESS": b"", "_x/b.csv": HEADED, ".c.crc": b"crc", "empty.csv": b""}, PLAIN, FRUIT),
    # Partitions: their values come last.
    "years": ({"year=2023/a.csv": b"id,v\n1,2\n", "year=2024/a.csv": b"id,v\n2,2.5\n", "year=__HIVE_DEFAULT_PARTITION__/a.csv": b"id,v\n3,1\n"},
              [("id", "bigint"), ("v", "double")], [["1", "2.0", "2023"], ["2", "2.5", "2024"], ["3", "1.0", None]]),
    "cities": ({f"city={c}/a": parquet({"n": [n]}) for n, c in enumerate(("New%20York", "a%2Fb", "ü=*?[x]", ""))}, [("n", "bigint")],
               [["0", "New York"], ["1", "a/b"], ["2", "ü=*?[x]"], ["3", None]]),
    "bare": ({"2023/01/a.json": b'{"n":1}\n', "2023/02/a.json": b'{"n":1.5}\n', "2024/01/a.json": b'{"n":3}\n'}, [("n", "double")],
             [["1.0", "2023", "01"], ["1.5", "2023", "02"], ["3.0", "2024", "01"]]),
}

# Files of several kinds in one folder: each is a table of its own, or the rest of the folder is.
APART = {
    "a_csv": FRUIT, "b_json": [["1"]], "swapped_1_csv": FRUIT, "swapped_2_csv": [["fig", "3", "9.0"]], "most": FRUIT * 2, "c_json": [["2"]],
}
MIXED = {
    "mixed/a.csv": HEADED, "mixed/b.json": b'{"x":1}\n', "swapped/swapped_1.csv": HEADED, "swapped/swapped_2.csv": b"name,id,price\nfig,3,9.0\n",
    "most/a.csv": HEADED, "most/b.csv": HEADED, "most/c.json": b'{"y":2}\n',
}

BROKEN = {
    "cut.parquet": parquet({"a": list(range(100))})[:-20], "bomb.csv.gz": gzip.compress(b"a,b\n1,2\n" * (4 << 20)), "line.json": b'{"a":"' + b"y" * (17 << 20),
    "latin1.csv": b"a,b\n1,caf\xe9\n", "nul.csv": b"a,b\n1,\0\n", "deep.json": b'{"a":' * 5000, "wide.csv": b"1," * 20_000 + b"\n" + b"1," * 20_000,
    "quote.csv": b'a,b\n1,"x,y"\n2,"y\n', "image.csv": b"\x89PNG\r\n\x1a\n0000",
}


@pytest.fixture(scope="module")
def crawled(admin, root):
    """All the files, in one bucket, crawled once."""
    s3, glue = admin.client("s3"), admin.client("glue")
    bare = root.client("s3")  # botocore waits in vain for the answer to what follows an empty object on the same connection
    s3.create_bucket(Bucket="files")
    s3.create_bucket(Bucket="answers")
    for folder, (files, _, _) in TABLES.items():
        for name, body in files.items():
            (s3 if body else bare).put_object(Bucket="files", Key=f"{folder}/{name}", Body=body)
    for key, body in MIXED.items():
        s3.put_object(Bucket="files", Key=key, Body=body)
    for n, (name, body) in enumerate(BROKEN.items()):
        s3.put_object(Bucket="files", Key=f"broken{n}/{name}", Body=body)
    admin.role(allow("s3:GetObject", "s3:ListBucket"), name="files", trusts=trust(service="glue.amazonaws.com"))
    admin.client("iam").attach_role_policy(RoleName="files", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole")
    glue.create_database(DatabaseInput={"Name": "files"})
    glue.create_crawler(Name="files", Role="files", DatabaseName="files", Targets={"S3Targets": [{"Path": "s3://files/"}]})
    last = crawl(glue, "files")
    assert last["Status"] == "SUCCEEDED", last
    return glue


def everything(admin, table):
    """The rows of a table in an order of their own, and their number as count(*) gives it."""
    athena = admin.client("athena")
    rows = lake.rows(athena, lake.run(athena, f'select * from "{table}"', "files", "s3://answers/"))
    count = lake.rows(athena, lake.run(athena, f'select count(*) from "{table}"', "files", "s3://answers/"))
    assert count == [[str(len(rows))]]
    return ordered(rows)


def ordered(rows):
    return sorted(rows, key=lambda r: [(v is not None, v) for v in r])


@pytest.mark.parametrize("name", TABLES)
def test_a_folder_is_read_as_its_files_are(admin, crawled, name):
    _, columns, rows = TABLES[name]
    table = crawled.get_table(DatabaseName="files", Name=name)["Table"]
    if columns:
        assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == columns
    assert everything(admin, name) == ordered(rows)


@pytest.mark.parametrize("name", APART)
def test_kinds_that_share_a_folder_are_read_apart(admin, crawled, name):
    assert everything(admin, name) == ordered(APART[name])


def test_nothing_else_is_a_table(crawled):
    pages = crawled.get_paginator("get_tables").paginate(DatabaseName="files")
    assert {t["Name"] for p in pages for t in p["TableList"]} == {*TABLES, *APART}


def test_broken_files_are_listed_with_reasons(server, crawled):
    summary = json.loads(crawled.list_crawls(CrawlerName="files")["Crawls"][0]["Summary"])
    reasons = {b["Object"].rsplit("/", 1)[1]: b["Reason"] for b in summary["BROKEN"]}
    assert set(reasons) == set(BROKEN) and all(reasons.values()), reasons
    assert server.memory("VmHWM") < 512 << 20


def test_partitions_follow_their_table(crawled):
    """A month without fractions declares the type of the months with some: SQL refuses a table that its partitions contradict."""
    found = crawled.get_partitions(DatabaseName="files", TableName="years")["Partitions"]
    assert {p["StorageDescriptor"]["Columns"][1]["Type"] for p in found} == {"double"}
    assert sorted(p["Values"][0] for p in found) == ["2023", "2024", "__HIVE_DEFAULT_PARTITION__"]


def test_crawls_follow_the_files(admin, crawled):
    """New columns, partitions and files appear with the next crawl; what is gone is gone from the rows at once."""
    s3 = admin.client("s3")
    s3.put_object(Bucket="files", Key="years/year=2025/a.csv", Body=b"id,v,more\n9,1,x\n")
    s3.delete_object(Bucket="files", Key="years/year=2023/a.csv")
    assert crawl(crawled, "files")["Status"] == "SUCCEEDED"
    assert everything(admin, "years") == ordered([["2", "2.5", None, "2024"], ["3", "1.0", None, None], ["9", "1.0", "x", "2025"]])
