"""Start the app on a free port and wait until it answers; for the screenshots and the browser tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parent.parent
LONGEST_START = 240.0  # seconds, on a busy machine


@contextmanager
def serve(script: str = "app.py", /, **environment: str) -> Iterator[str]:
    """The address of a fresh server, which is stopped at the end of the block.

    Args:
        script: what it runs, by its path in the project.
        environment: variables to set for the server.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1"]
    with (
        tempfile.TemporaryFile() as output,  # a pipe that nobody reads would stop a server that says much
        subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/_stcore/health", process, output)
            yield address
        finally:
            process.terminate()
            process.wait(LONGEST_START)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
    """Return when the address answers."""
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            output.seek(0)
            raise RuntimeError(f"the server stopped at once:\n{output.read().decode()}")
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 (our own address)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server did not answer within {LONGEST_START:g} seconds")
