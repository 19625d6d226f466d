"""What listens, and what answers a stranger."""

import itertools
import json
import pathlib
import re

import pytest

import wire
from server import ROOT


def _listening(pid):
    """Ports and Unix sockets that the process listens on, from /proc."""
    inodes = {m[1] for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir() if (m := re.match(r"socket:\[(\d+)\]", _target(fd)))}
    found = []
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            f = line.split()
            if f[3] == "0A" and f[9] in inodes:
                found.append(f[1])
    for line in pathlib.Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]:
        if line.split()[9] in inodes:
            found.append("udp " + line.split()[1])
    return found


def _target(fd):
    try:
        return str(fd.readlink())
    except FileNotFoundError:
        return ""


def test_one_port_listens_on_loopback_only(server, root):
    root.client("sts").get_caller_identity()
    port = server.address[1]
    assert _listening(server.process.pid) == [f"0100007F:{port:04X}"]


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_are_open_and_say_nothing(server, path):
    answer = wire.send(server.address, {"Host": "x"}, method="GET", path=path)
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert not {"server", "x-powered-by"} & set(answer.headers)


SIDE_DOORS = [
    "/metrics", "/debug/pprof/", "/debug/vars", "/healthz", "/admin", "/_studio/", "/_studio/api", "/console", "/api/v1",
    "/minio/admin/v3/info", "/.env", "/.git/config", "/server-status", "/latest/meta-data/iam/security-credentials/",
    "/iceberg/v1/config", "/moto-api/", "/_localstack/health", "/livez/../metrics", "/readyz/", "//livez", "/livez%2f..", "/livez?x=/../",
]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
def test_no_side_doors(server, method):
    for path in SIDE_DOORS:
        answer = wire.send(server.address, {"Host": "x"}, method=method, path=path)
        if path == "/livez?x=/../" and answer.status == 200:
            continue  # the probe itself
        assert 400 <= answer.status < 500, (method, path, answer)


def test_every_operation_of_every_service_refuses_a_stranger(server):
    """Walks the API models: unsigned, no operation answers anything but a refusal."""
    asked = 0
    for file in sorted((ROOT / "models").glob("*.json")):
        model = json.loads(file.read_text())
        for o, protocol in itertools.product(model["operations"], model["protocols"]):
            path, body, headers = _unsigned(model, protocol, o)
            answer = wire.send(server.address, {"Host": "x", **headers}, body, o["method"], path)
            code = answer.error[0]
            assert 400 <= answer.status <= 403, (model["id"], o["name"], answer)
            expected = MISSING if o["name"] not in ANONYMOUS else MISSING | {"UnsupportedOperationException", "ValidationError"}
            assert code in expected, (model["id"], o["name"], answer)
            asked += 1
    assert asked > 1000, asked


MISSING = {"MissingAuthenticationTokenException", "MissingAuthenticationToken"}
# AWS serves these unsigned: their input is a token, which they check themselves.
ANONYMOUS = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}


def _unsigned(model, protocol, o):
    """Path, body and headers of an empty request in the protocol."""
    match protocol:
        case "query":
            form = f"Action={o['name']}&Version={model['version']}"
            return "/", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        case "smithy-rpc-v2-cbor":
            kind = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
            return f"/service/{model['targetPrefix']}/operation/{o['name']}", b"\xa0", kind
        case "rest-json":
            return o["path"], b"{}", {"Content-Type": "application/json"}
        case "json":
            kind = f"application/x-amz-json-{model['jsonVersion']}"
            return "/", b"{}", {"Content-Type": kind, "X-Amz-Target": f"{model['targetPrefix']}.{o['name']}"}
    raise ValueError(f"no request is known for protocol {protocol}")
