"""What goes over a page's WebSocket; for the browser tests and the benchmarks."""

from __future__ import annotations

from typing import Any


class Wire:
    """Counts the messages to the server and the bytes from it.

    Args:
        page: Playwright's, of its synchronous or of its asynchronous kind.
    """

    def __init__(self, page: Any) -> None:
        self.sent, self.received = 0, 0
        page.on("websocket", self._watch)

    def _watch(self, socket: Any) -> None:
        socket.on("framereceived", self._came)
        socket.on("framesent", self._went)

    def _came(self, content: str | bytes) -> None:
        self.received += len(content)

    def _went(self, content: str | bytes) -> None:
        self.sent += 1
