"""Bodies made to hurt (hardening.md R11): each is refused in AWS's error shape, its
answer begins within 100 ms, and the server's memory grows by less than 64 MiB.
"""

import os
import contextlib
import gzip
import pathlib
import re
import time

import pytest

import wire
from server import until
from wire import MIB

LIMIT = 16 * MIB
# The figure is 0.1 s on a machine that does nothing else: BINDERY_SOON=0.1 holds it. Where
# others share the cores, the bar only catches what grows with the bomb.
SOON = float(os.environ.get("BINDERY_SOON", "1.0"))
GROWTH = 64 * MIB


@pytest.fixture(scope="module", autouse=True)
def warm(server, root):
    """What the first request of a kind costs once is not the bomb's fault."""
    for service in ("glue", "sts"):
        client = root.client(service)
        with contextlib.suppress(client.exceptions.ClientError):
            client.get_caller_identity() if service == "sts" else client.get_databases()


@contextlib.contextmanager
def little_memory(server):
    """The peak of the server's memory during the block, counted from before it."""
    proc = pathlib.Path(f"/proc/{server.process.pid}")
    before = server.memory()
    (proc / "clear_refs").write_text("5")  # forget the peak so far
    yield
    grown = server.memory("VmHWM") - before
    assert grown < GROWTH, f"memory grew by {grown / MIB:.1f} MiB"


def quickest(ask, tries=3):
    """The quickest of some answers: the bar is on the server, and this machine may
    be doing something else."""
    best = ask()
    for _ in range(tries - 1):
        if best.seconds <= SOON:
            break
        best = min(best, ask(), key=lambda a: a.seconds)
    return best


def refused(answer, *codes, status=400):
    assert not codes or answer.error[0] in codes, answer.error
    assert answer.status == status, answer
    assert answer.seconds <= SOON, f"{answer.error}: first byte after {answer.seconds * 1000:.0f} ms"


def deep(n, left=b"[", right=b"]"):
    return b'{"Name": ' + left * n + right * n + b"}"


MALFORMED = {
    "nothing but a brace": b"{",
    "no JSON": b"not json",
    "an array": b"[]",
    "a string": b'"x"',
    "a number": b"7",
    "two values": b"{}{}",
    "trailing comma": b'{"Name": "x",}',
    "not a number": b'{"MaxResults": NaN}',
    "100,000 arrays deep": deep(100_000),
    "100,000 objects deep": deep(100_000, b'{"a":', b"}").replace(b":}", b":1}", 1),
    "100,000 deep in an unknown member": deep(100_000).replace(b"Name", b"Zzz"),
    "unclosed and deep": b'{"Name": ' + b"[" * 1_000_000,
    "invalid UTF-8": b'{"Name": "\xff\xfe"}',
    "a lone surrogate": b'{"Name": "\\ud800"}',
    "duplicate keys": b'{"Name": "a", "Name": "b"}',
    "duplicate unknown keys": b'{"Zzz": 1, "Zzz": 2}',
    "wrong type": b'{"Name": 7}',
    "an object for a string": b'{"Name": {}}',
    "a NUL": b'{"Name": "a"}\x00',
    "a byte order mark": b'\xef\xbb\xbf{"Name": "a"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json(server, root, body):
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "GetDatabase", body)))
    refused(answer, "SerializationException")


def test_what_breaks_a_constraint(server, root):
    answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "GetDatabase", b'{"Name": ""}')))
    refused(answer, "ValidationException")
    assert answer.error[1].startswith("1 validation error detected: Value '' at 'name' failed to satisfy constraint"), answer.error
    answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "GetDatabase", b'{"Name": null}')))
    refused(answer, "ValidationException")


def test_a_million_keys(server, root):
    body = b"{" + b",".join(b'"k%d":%d' % (n, n % 10) for n in range(1_000_000)) + b"}"
    assert len(body) < LIMIT
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "GetDatabase", body)))
    refused(answer, "SerializationException", "ValidationException")


def test_a_million_parameters(server, root):
    body = b'{"DatabaseInput":{"Name":"x","Parameters":{' + b",".join(b'"k%d":"v"' % n for n in range(900_000)) + b"}}}"
    assert len(body) < LIMIT
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "CreateDatabase", body)))
    refused(answer)


def test_a_million_small_items(server, root):
    body = b'{"DatabaseName":"d","TableName":"t","PartitionsToGet":[' + b",".join([b"{}"] * 1_000_000) + b"]}"
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "BatchGetPartition", body)))
    refused(answer)


def test_a_string_as_long_as_the_limit(server, root):
    body = b'{"Name": "' + b"x" * (LIMIT - 12) + b'"}'
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "GetDatabase", body)))
    refused(answer, "ValidationException", "SerializationException")
    assert len(answer.body) < 64 * 1024, "the value comes back as a whole"


def test_a_string_of_100_mb(server, root):
    """The head alone decides: nothing of the body is waited for."""
    with little_memory(server), wire.connect(server.address) as s:
        headers, _ = wire.glue(root, "GetDatabase", b"")
        s.sendall(wire.head("POST", "/", headers, 100 * MIB) + b'{"Name": "')
        answer = wire.receive(s, time.monotonic())
    refused(answer, "RequestEntityTooLargeException", status=413)


def test_a_declared_gigabyte_is_refused_before_it_is_sent(server, root):
    with little_memory(server), wire.connect(server.address) as s:
        headers, _ = wire.glue(root, "GetDatabase", b"")
        s.sendall(wire.head("POST", "/", {**headers, "Expect": "100-continue"}, 1024 * MIB))
        answer = wire.receive(s, time.monotonic())
    refused(answer, "RequestEntityTooLargeException", status=413)


def test_a_chunked_body_stops_at_the_limit(server, root):
    """The clock starts when the limit is passed."""
    headers, _ = wire.glue(root, "GetDatabase", b"")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with little_memory(server), wire.connect(server.address) as s:
        s.sendall(wire.head("POST", "/", {**headers, "Transfer-Encoding": "chunked"}))
        for _ in range(LIMIT // 0x10000):
            s.sendall(chunk)
        passed = time.monotonic()
        s.sendall(chunk)
        answer = wire.receive(s, passed)
    refused(answer, "RequestEntityTooLargeException", status=413)


def test_the_largest_body_is_read(server, root):
    """The limit itself is not too large: what follows is about its content."""
    body = b'{"Name": "' + b"x" * (LIMIT - 12) + b'"}'
    assert len(body) == LIMIT
    answer = quickest(lambda: wire.send(server.address, *wire.glue(root, "GetDatabase", body)))
    assert answer.status == 400


def test_a_compressed_bomb_is_not_unpacked(server, root):
    body = gzip.compress(b" " * (64 * MIB))
    headers, _ = wire.glue(root, "GetDatabase", body, **{"Content-Encoding": "gzip"})
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, headers, body))
    refused(answer)


def test_a_form_with_a_million_fields(server, root):
    body = b"Action=CreateUser&Version=2010-05-08&" + b"&".join(b"Tags.member.%d.Key=a" % n for n in range(400_000))
    assert len(body) < LIMIT
    headers = wire.sign(root, "iam", root.url + "/", {"Content-Type": "application/x-www-form-urlencoded"}, body)
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, headers, body))
    refused(answer)


def test_one_enormous_index_in_a_form(server, root):
    body = b"Action=CreateUser&Version=2010-05-08&UserName=x&Tags.member.2000000000.Key=a"
    headers = wire.sign(root, "iam", root.url + "/", {"Content-Type": "application/x-www-form-urlencoded"}, body)
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, headers, body))
    refused(answer)


CBOR = {
    "deep arrays": b"\xa1\x64Name" + b"\x81" * 100_000 + b"\x00",
    "an array of 2^62": b"\xa1\x64Name\x9b\x40" + b"\x00" * 7,
    "a string of 2^62": b"\xa1\x64Name\x7b\x40" + b"\x00" * 7,
    "endless": b"\xbf" * 100_000,
    "nothing": b"\xa1",
}


@pytest.mark.parametrize("body", CBOR.values(), ids=CBOR.keys())
def test_malformed_cbor(server, root, body):
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    kind = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    headers = wire.sign(root, "monitoring", root.url + path, kind, body)
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, headers, body, path=path))
    refused(answer, "SerializationException")


def test_a_header_bomb(server):
    headers = {"Host": "x", **{f"X-Bomb-{n}": "x" * 1000 for n in range(200)}}
    with little_memory(server):
        answer = quickest(lambda: wire.send(server.address, headers))
    assert answer.status == 431


def test_slow_headers_are_cut_off(server, root):
    """Ten seconds for a head, however it trickles; others are served meanwhile."""
    with wire.connect(server.address) as s:
        began = time.monotonic()
        s.settimeout(0.25)
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")

        def closed():
            try:
                s.sendall(b"X: y\r\n")
                s.recv(1000)  # an answer, or the end of the connection
                return True
            except TimeoutError:
                return False
            except OSError:
                return True

        until("a slow connection to be closed", closed, 15)
        assert time.monotonic() - began < 12
    assert root.client("sts").get_caller_identity()["Account"] == server.account


def test_many_slow_connections_do_not_keep_others_waiting(server, root):
    slow = [wire.connect(server.address) for _ in range(300)]
    try:
        for s in slow:
            s.sendall(b"POST / HTTP/1.1\r\nHost:")
        began = time.monotonic()
        root.client("sts").get_caller_identity()
        assert time.monotonic() - began < 1
    finally:
        for s in slow:
            s.close()


def test_nothing_of_a_bomb_reaches_the_log(server):
    """A body that was refused is not kept; the log stays small."""
    assert len(server.output()) < MIB
    assert not re.search(r"x{1000}", server.output())
