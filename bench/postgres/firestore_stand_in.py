"""A stand-in for Firestore that answers as fast as it can: the two RPCs that settle an event, for one project.

    python -m bench.postgres.firestore_stand_in

The emulator takes several times the service's processor time for an event, which would hide how the service compares
with PostgreSQL. This stand-in keeps documents in memory. Like PostgreSQL, it flushes a log of each commit to disk
before it answers, several commits at once where they coincide. It prints its HTTP port and, like the emulator, answers
only its owner. tests/contract checks that it does what settlement relies on.
"""

import json
import os
import re
import socket
import tempfile
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, BinaryIO, Final

Json = Mapping[str, Any]

AS_OWNER: Final = {"Authorization": "Bearer owner"}
PAGE: Final = 1_000
"""How many documents are listed at once."""
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_REQUEST: Final = re.compile(rb"POST \S+:(\w+)\S* HTTP/1\.1\r\n")
_LENGTH: Final = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)
_OWNER: Final = re.compile(rb"\r\nAuthorization: Bearer owner\r\n", re.IGNORECASE)
_HEAD_END: Final = b"\r\n\r\n"
_BYTES: Final = 65_536


class Refused(Exception):
    def __init__(self, code: HTTPStatus, status: str) -> None:
        super().__init__(status)
        self.code, self.status = code, status


class Log:
    """After `flush`, all that was appended before is on disk. Callers that come during a flush share the next."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._appended = self._flushed = 0
        self._flushing = threading.Lock()

    def append(self, entry: bytes) -> int:
        """Returns the log's length. Not thread-safe."""
        self._appended += os.write(self._file.fileno(), entry)
        return self._appended

    def flush(self, reach: int) -> None:
        if self._flushed >= reach:
            return
        with self._flushing:
            if self._flushed < reach:
                appended = self._appended
                os.fsync(self._file.fileno())
                self._flushed = appended


class Documents:
    """By name, in Firestore's JSON. Documents are immutable: a write replaces them."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._documents: dict[str, Json] = {}
        self._commits = 0

    def answer(self, rpc: str, body: bytes) -> object:
        """Raises Refused."""
        match rpc:
            case "batchGet":
                return self._batch_get(json.loads(body)["documents"])
            case "commit":
                return self._commit(json.loads(body)["writes"], body)
            case "page":
                first = json.loads(body)["first"]
                return list(self._documents.values())[first : first + PAGE]
            case _:
                raise Refused(HTTPStatus.NOT_IMPLEMENTED, "UNIMPLEMENTED")

    def _batch_get(self, names: Sequence[str]) -> list[Json]:
        with self._lock:
            moment, documents = self._moment(), [self._documents.get(name) for name in names]
        return [
            {"found": document, "readTime": moment} if document else {"missing": name, "readTime": moment}
            for name, document in zip(names, documents, strict=True)
        ]

    def _commit(self, writes: Sequence[Json], body: bytes) -> Json:
        with self._lock:
            for write in writes:
                self._check(write)
            self._commits += 1  # gives each commit its own time
            moment = self._moment()
            results = [self._apply(write, moment) for write in writes]
            reach = self._log.append(body)
        self._log.flush(reach)
        return {"writeResults": results, "commitTime": moment}

    def _check(self, write: Json) -> None:
        known, wanted = self._documents.get(_name_of(write)), write.get("currentDocument", {})
        match wanted:
            case {"exists": False} if known:
                raise Refused(HTTPStatus.CONFLICT, "ALREADY_EXISTS")
            case {"exists": True} | {"updateTime": _} if not known:
                raise Refused(HTTPStatus.NOT_FOUND, "NOT_FOUND")
            case {"updateTime": version} if known and known["updateTime"] != version:
                raise Refused(HTTPStatus.BAD_REQUEST, "FAILED_PRECONDITION")

    def _apply(self, write: Json, moment: str) -> Json:
        name = _name_of(write)
        if "delete" in write:
            del self._documents[name]
            return {}
        known, written = self._documents.get(name, {}), write["update"].get("fields", {})
        # Without a mask, the document is replaced; with one, other fields are kept.
        fields = {**known.get("fields", {}), **written} if "updateMask" in write else dict(written)
        increased = []
        for transform in write.get("updateTransforms", ()):
            field, amount = transform["fieldPath"], int(transform["increment"]["integerValue"])
            fields[field] = _increased(fields.get(field, {}), amount)
            increased.append(fields[field])
        created = known.get("createTime", moment)
        self._documents[name] = {"name": name, "fields": fields, "createTime": created, "updateTime": moment}
        return {"updateTime": moment, **({"transformResults": increased} if increased else {})}

    def _moment(self) -> str:
        return (_EPOCH + timedelta(microseconds=self._commits)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def main() -> None:
    with tempfile.TemporaryFile(buffering=0) as file, socket.create_server(("127.0.0.1", 0)) as listener:
        documents = Documents(Log(file))
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, documents), daemon=True).start()


def _serve(client: socket.socket, documents: Documents) -> None:
    """Answer one request after another until the client closes the connection."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    with client:
        while more := client.recv(_BYTES):
            received += more
            head, found, body = received.partition(_HEAD_END)
            length = _LENGTH.search(head)
            if not found or (length and len(body) < int(length[1])):
                continue
            received = b""
            client.sendall(_answer(documents, head + _HEAD_END, body))


def answered(documents: Documents, rpc: str, body: bytes) -> tuple[HTTPStatus, bytes]:
    code, content = HTTPStatus.OK, None
    try:
        content = documents.answer(rpc, body)
    except Refused as refused:
        code, content = refused.code, {"error": {"code": refused.code, "status": refused.status, "message": rpc}}
    return code, json.dumps(content, separators=(",", ":")).encode()


def _answer(documents: Documents, head: bytes, body: bytes) -> bytes:
    request = _REQUEST.match(head)
    if _OWNER.search(head):
        code, text = answered(documents, request[1].decode() if request else "", body)
    else:
        code, text = HTTPStatus.UNAUTHORIZED, b"{}"
    headers = f"Content-Type: application/json\r\nContent-Length: {len(text)}"
    return f"HTTP/1.1 {code.value} {code.phrase}\r\n{headers}\r\n\r\n".encode() + text


def _increased(value: Json, amount: int) -> Json:
    if "doubleValue" in value:
        return {"doubleValue": value["doubleValue"] + amount}
    return {"integerValue": str(int(value.get("integerValue", 0)) + amount)}


def _name_of(write: Json) -> str:
    return str(write["delete"] if "delete" in write else write["update"]["name"])


if __name__ == "__main__":
    main()
