"""Answers every request on a free port of 127.0.0.1 with the same bytes: impostor.py ANSWER

ANSWER is the name of one of ANSWERS. The port is printed once it is open."""

import json
import socket
import sys
import threading


def http(body, status="200 OK"):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def trace(functions, *hosts):
    """A trace of one frame with these functions, and host calls made in these."""
    frame = {"depth": 0, "kind": "frame", "function": "f", "steps": "100", "functions": functions}
    calls = [{"depth": 1, "kind": "host", "function": "log", "steps": "1", "within": within}
             for within in hosts]
    return http(json.dumps({"trace": [frame, *calls], "trace_truncated": False}).encode())


def odd_traces():
    """Traces whose decoded members are of no form that a node gives, or try to steer a terminal."""
    odd = [None, True, 7, 1.5, "\x1b[31m", "0x1", [], [["\x1b[31m"]], {}, {"\x1b[31m": "\x1b[31m\n"},
           {"name": 1, "key": [], "value": {"a": {"\x1b[31m": 1}}, "fields": 7, "text": []}]
    for value in odd:
        members = dict.fromkeys(["arguments", "result", "error", "entry", "fields", "status", "reason",
                                 "args", "revert_code", "contract"], value)
        frame = {"depth": 0, "kind": "frame", "function": "f", "steps": "100", **members}
        calls = [{"depth": 1, "kind": "host", "function": name, "steps": "1", **members}
                 for name in ["storage_read", "emit", "revert", "log", "call", "arg_size", "value"]]
        slot = {"contract": value, "key": value, "before": value, "after": value, "entry": value}
        changes = dict.fromkeys(["storage_changes", "balance_changes", "contract_changes"],
                                [slot, value, {"contract": "a", "address": "b", "code_hash": value}])
        yield http(json.dumps({"trace": [frame, *calls], "trace_truncated": False, **changes}).encode())


def function(name, steps, **more):
    return {"index": 7, "name": name, "calls": "1", "steps": steps, "own_steps": "1", **more}


ANSWERS = {
    "nothing": b"",
    "noise": b"\x00\xff\x1b[31mhello\r\n\r\n",
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    "endless": b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (65 << 20),
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "page": http(b"<html>\x1b[31m</html>\n"),
    "list": http(b"[1, 2]"),
    "object": http(b"{}"),
    "deep": http(b'{"a":' * 1500 + b"1" + b"}" * 1500),
    "entries": http(b'{"items": [{"key": "0x00", "value": "0x"}, {"key": "0x01"}]}'),
    "trace": trace([function("\x1b[31m;\n", "90"), function("", "20", within=0)], 1, 0),
    **{f"trace-odd-{i}": answer for i, answer in enumerate(odd_traces())},
    "trace-itself": trace([function("a", "90", within=0)]),
    "trace-later": trace([function("a", "90", within=1), function("b", "90")]),
    "trace-below": trace([function("a", "90", within=-1)]),
    "trace-nowhere": trace([function("a", "90")], 1),
    "trace-unnumbered": trace([function("a", "much")]),
    "trace-deep": trace([function("a", "90")] + [function("a", "90", within=i) for i in range(3000)]),
    "trace-many": trace([function("a", "90")] * 5000),
    "failure": http(b'{"code": 5, "title": ["x"]}', "500 Failed"),
    "steering": http(b'{"code": "c\\u001b[31m", "title": "t\\nt"}', "400 Bad"),
}


def answer(connection, text):
    with connection:
        connection.recv(65536)
        try:
            connection.sendall(text)
        except OSError:
            pass  # who had enough hangs up


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection, ANSWERS[sys.argv[1]]), daemon=True).start()


main()
