"""A real Prometheus on a free port of loopback, holding the made-up samples."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.prometheus.bookstore_samples import open_metrics


@dataclass(frozen=True)
class RealPrometheus:
    """Asks its HTTP API."""

    url: str

    def ask(self, path: str, **parameters: str) -> dict[str, Any]:
        """The answer's JSON body, of an error, too."""
        body = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", body, timeout=30) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))


@contextmanager
def running(prometheus: Path, promtool: Path, folder: Path) -> Iterator[RealPrometheus]:
    """Starts it over blocks made from the samples, and ends it."""
    samples, data, config = folder / "samples.om", folder / "data", folder / "prometheus.yml"
    samples.write_text(open_metrics(), encoding="utf-8")
    config.write_text("global: {evaluation_interval: 5s}\n", encoding="utf-8")
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(samples), str(data)],
        check=True,
    )
    command: list[str | Path] = [
        prometheus, f"--config.file={config}", f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        "--web.listen-address=127.0.0.1:0", "--query.lookback-delta=5m",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield RealPrometheus(f"http://{_address(process)}")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    """Reads the log until the server listens and is ready, in either order, and returns where it listens."""
    address, ready, lines = "", False, []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r'msg="Listening on" address=(\S+)', line):
            address = found[1]
        ready = ready or "Server is ready to receive web requests" in line
        if ready and address:
            return address
    raise RuntimeError("Prometheus did not start:\n" + "".join(lines))
