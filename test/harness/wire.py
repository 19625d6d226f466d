"""Requests byte by byte: signed by botocore's own signer, sent over a bare socket, so
that a test can send what no client would.
"""

import dataclasses
import json
import re
import socket
import time

import cbor2
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MIB = 1 << 20


@dataclasses.dataclass
class Answer:
    """One answer, and how long its first byte took after the request was out."""

    status: int
    headers: dict
    body: bytes
    seconds: float

    @property
    def error(self):
        """Code and text of the error, read in the answer's own protocol; which also
        checks that the answer has that protocol's shape."""
        kind = self.headers.get("content-type", "")
        assert self.headers.get("x-amzn-requestid") or self.headers.get("x-amz-request-id"), self.headers
        if "cbor" in kind:
            assert self.headers["smithy-protocol"] == "rpc-v2-cbor", self.headers
            found = cbor2.loads(self.body)
            return found["__type"].split("#")[-1], found.get("message", found.get("Message", ""))
        if "json" in kind:
            found = json.loads(self.body)
            code = found.get("__type") or self.headers["x-amzn-errortype"]
            return code.split("#")[-1].split(":")[0], found.get("Message", found.get("message", ""))
        assert "xml" in kind, f"an error of type {kind!r}: {self.body[:300]!r}"
        return tuple(self._element(name) for name in ("Code", "Message"))

    def _element(self, name):
        found = re.search(rf"<{name}>(.*?)</{name}>".encode(), self.body, re.S)
        assert found, self.body
        return found[1].decode().replace("&#39;", "'").replace("&quot;", '"').replace("&amp;", "&")


def sign(keys, service, url, headers=None, body=b"", method="POST", region=None):
    """The headers of the request, signed."""
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(keys.id, keys.secret, keys.token), service, region or keys.region).add_auth(request)
    signed = dict(request.headers.items())
    signed["Host"] = url.split("/")[2]
    return signed


def glue(keys, operation, body=b"{}", **more):
    """Headers and body of a signed Glue request."""
    headers = {"X-Amz-Target": "AWSGlue." + operation, "Content-Type": "application/x-amz-json-1.1"}
    return sign(keys, "glue", keys.url + "/", {**headers, **more}, body), body


def send(address, headers, body=b"", method="POST", path="/"):
    """Sends a request and reads its answer. headers are lines in their order, as a
    dict or as pairs. The clock starts when the last byte of the request is out."""
    with connect(address) as s:
        s.sendall(head(method, path, headers, len(body)))
        _push(s, body)
        return receive(s, time.monotonic(), bodiless=method == "HEAD")


def connect(address):
    s = socket.create_connection(address, timeout=20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def head(method, path, headers, length=None):
    """The head of a request. A length of None declares none."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if length is not None and not any(k.lower() in ("content-length", "transfer-encoding") for k, _ in pairs):
        pairs.append(("Content-Length", str(length)))
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in pairs), "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def _push(s, body):
    try:
        s.sendall(body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server has answered already: that is what is read next


def receive(s, since, bodiless=False):
    """Reads one answer from the socket. The answer to a HEAD has no body."""
    with s.makefile("rb") as f:
        first = f.readline()
        took = time.monotonic() - since
        assert first.startswith(b"HTTP/1.1 "), first
        headers = {}
        while (line := f.readline().strip()):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if bodiless:
            return Answer(int(first.split()[1]), headers, b"", took)
        body = f.read(int(headers["content-length"])) if "content-length" in headers else f.read()
    return Answer(int(first.split()[1]), headers, body, took)
