"""The worker's side of the wire: 8 bytes length, strict JSON; a payload of `payload` bytes follows where the JSON says so."""

import array
import json
import os
import socket
import struct

MAX_HEADER = 1 << 20


def read_exactly(sock, size):
    """`size` bytes, or EOFError."""
    parts = bytearray(size)
    view = memoryview(parts)
    got = 0
    while got < size:
        n = sock.recv_into(view[got:], min(size - got, 1 << 20))
        if n == 0:
            raise EOFError
        got += n
    return parts


def read_message(sock):
    """One header and its payload."""
    (size,) = struct.unpack(">Q", read_exactly(sock, 8))
    if size > MAX_HEADER:
        raise ValueError("header too long")
    header = json.loads(read_exactly(sock, size))
    return header, read_exactly(sock, header.get("payload", 0))


def send(sock, header, payload=b""):
    """One header and its payload."""
    text = json.dumps({**header, "payload": len(payload)}).encode()
    sock.sendall(struct.pack(">Q", len(text)) + text)
    if payload:
        sock.sendall(payload)


def receive_file(sock):
    """The model's bytes, from a file descriptor that the parent passes."""
    size = array.array("i").itemsize
    _, control, _, _ = sock.recvmsg(1, socket.CMSG_SPACE(size))
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return os.fdopen(array.array("i", data[:size])[0], "rb")
    raise ValueError("no file descriptor came")
