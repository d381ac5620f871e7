"""Compile the live view's kernel.assembly.ts into kernel.js: twice, with and without fused multiply-add, as base64.

Needs Node with AssemblyScript's compiler: `npm install assemblyscript` anywhere, and `npx asc` on the path, or the
compiler's place in the environment variable ASC. Only who changes kernel.assembly.ts needs it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LIVE = Path(__file__).resolve().parent.parent / "ui" / "components" / "live"
SOURCE, TARGET = LIVE / "kernel.assembly.ts", LIVE / "kernel.js"
OPTIONS = [
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--enable",
    "simd",
    "--enable",
    "bulk-memory",
    "--importMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    "65536",
]
BUILDS = {"SIMD": [], "RELAXED_SIMD": ["--enable", "relaxed-simd"]}


def compiler() -> list[str] | None:
    """The command that compiles, or None if there is none."""
    if named := os.environ.get("ASC"):
        return shlex.split(named)
    found = shutil.which("asc")
    return [found] if found else None


def compile_kernel(command: list[str], extra: list[str]) -> bytes:
    """One build of the kernel."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kernel.wasm"
        done = subprocess.run(
            [*command, SOURCE.name, *OPTIONS, *extra, "-o", str(out)],
            cwd=LIVE,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return out.read_bytes()


def source_digest() -> str:
    """What stands in kernel.js for the source that it was built from."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]


def render(command: list[str]) -> str:
    """The text of kernel.js."""
    lines = [
        "// Built by scripts/build_kernel.py from kernel.assembly.ts; do not edit.",
        f'export const KERNEL_SOURCE = "{source_digest()}";',
    ]
    for name, extra in BUILDS.items():
        lines += ["/** WebAssembly in base64. */"]
        lines += [f'export const KERNEL_{name} = "{base64.b64encode(compile_kernel(command, extra)).decode()}";']
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write kernel.js; 1 without a compiler."""
    command = compiler()
    if command is None:
        print("AssemblyScript's compiler is not here: npm install assemblyscript, and name it in ASC", file=sys.stderr)
        return 1
    TARGET.write_text(render(command), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
