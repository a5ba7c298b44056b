"""An import from outside: the file is sent, and its process watched until it has ended."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import LoadFailed
from benchmarks.servers import Server, cpu_seconds, get

_PATH = "/api/v1/imports"
_BOUNDARY = "leadlight-benchmark"
_BEFORE = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="onDuplicate"\r\n\r\nupdate\r\n'
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="leads.csv"\r\n'
    "Content-Type: text/csv\r\n\r\n"
).encode()
_BEHIND = f"\r\n--{_BOUNDARY}--\r\n".encode()
_PIECE = 256 << 10
_PROCESS = b"leadlight.import_main"
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Imported:
    """`seconds`: from the beginning of the upload until it was told to be done; `uploading`: of them, the upload.

    `cpu` in seconds, and `peak_mib`: of its own process; 0 where the system does not tell.
    """

    rows: int
    seconds: float
    uploading: float
    cpu: float
    peak_mib: float


def import_file(server: Server, key: str, file: Path, rows: int) -> Imported:
    """Raises LoadFailed unless it ends well, with every row a lead."""
    began = time.perf_counter()
    import_id = _upload(server.port, key, file)
    uploaded = time.perf_counter()
    cpu = peak = 0.0
    while time.perf_counter() - uploaded < _PATIENCE_SECONDS:
        job = _job(server.port, key, import_id)
        if job["status"] not in ("queued", "running"):
            break
        for pid in _processes(server.pid):
            cpu, peak = max(cpu, cpu_seconds(pid)), max(peak, _peak_mib(pid))
        time.sleep(_LOOK_SECONDS)
    ended = time.perf_counter()
    if job["status"] != "completed" or job["created"] + job["updated"] != rows:
        raise LoadFailed(f"not all of {rows} rows became leads: {job}")
    return Imported(rows, ended - began, uploaded - began, cpu, peak)


def _upload(port: int, key: str, file: Path) -> str:
    def body() -> Iterator[bytes]:
        yield _BEFORE
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                yield piece
        yield _BEHIND

    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(len(_BEFORE) + file.stat().st_size + len(_BEHIND)),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("POST", _PATH, body(), headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 202:
        raise LoadFailed(f"the upload was answered {response.status}: {answer.decode()}")
    return str(json.loads(answer)["data"]["id"])


def _job(port: int, key: str, import_id: str) -> dict[str, Any]:
    status, _, body = get(port, f"{_PATH}/{import_id}", key)
    if status != 200:
        raise LoadFailed(f"an import was answered {status}: {body.decode()}")
    job: dict[str, Any] = json.loads(body)["data"]
    return job


def _processes(server: int) -> list[int]:
    """Those of the server's children that import."""
    found = []
    with suppress(FileNotFoundError):
        for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            with suppress(FileNotFoundError):
                if _PROCESS in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


def _peak_mib(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
        return int(lines.get("VmHWM", "0 kB").split()[0]) / 1024
    return 0.0
