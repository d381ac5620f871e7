"""What all tests share: nobody's own caches or data are touched, and tests that run at once have a core each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
LONGEST_QUICK_TEST = 1.0  # seconds of a processor, which a machine's load does not change
SPENT = "processor seconds"
NOT_DAILY = ("tests/app/", "tests/browser/")

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")
if "PYTEST_XDIST_WORKER" in os.environ:  # a worker and what it starts have one core; numpy is not imported yet
    os.environ.update(dict.fromkeys(THREADS, "1"))


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Caches go to a temporary folder; the data root is empty, as on a fresh machine."""
    patch = pytest.MonkeyPatch()
    folder: Path = tmp_path_factory.mktemp("home")
    patch.setenv("LATENT_CACHE", str(folder / "cache"))
    patch.setenv("LATENT_DATA", str(folder / "data"))
    patch.delenv("LATENT_CHECKPOINTS", raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note how many seconds of a processor a test takes, those of the processes included that it waits for."""
    before = sum(os.times()[:4])
    try:
        return (yield)
    finally:
        item.user_properties.append((SPENT, round(sum(os.times()[:4]) - before, 2)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests of the daily loop that have become slow; they do not fail, for that depends on the machine."""
    slow = {
        report.nodeid: spent
        for report in terminalreporter.stats.get("passed", [])
        for name, spent in report.user_properties
        if name == SPENT and spent > LONGEST_QUICK_TEST and "slow" not in report.keywords
        if not report.nodeid.startswith(NOT_DAILY)
    }
    if slow:
        terminalreporter.section("over a second and not marked slow")
        for test, spent in sorted(slow.items(), key=lambda pair: -pair[1]):
            terminalreporter.write_line(f"{spent:6.1f} s  {test}")
