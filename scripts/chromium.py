"""Print the path of a Chromium for the browser tests, installing Debian's if there is none and that is possible.

Looked for in this order: the environment variable CHROMIUM, the usual programs on the path, Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = "no Chromium was found; install one (Debian: apt-get install chromium) or name one with CHROMIUM=/path/to/it"


def find() -> str | None:
    """The path of a Chromium on this machine, or None."""
    named = os.environ.get("CHROMIUM")
    if named and Path(named).exists():
        return named
    for program in PROGRAMS:
        if path := shutil.which(program):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> bool:
    """Install Debian's Chromium if this is such a system and we may; says whether it worked."""
    apt = shutil.which("apt-get")
    if apt is None or (os.geteuid() != 0 and shutil.which("sudo") is None):
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    results = [
        subprocess.run([*prefix, *command], env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        for command in commands
    ]
    return results[-1] == 0


def main() -> int:
    """Print the path, or one line of advice."""
    path = find() or (find() if install() else None)
    if path is None:
        print(ADVICE, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
