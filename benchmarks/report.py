"""How the benchmarks print: tables in Markdown, and whether an aim was reached."""

from __future__ import annotations


def verdict(holds: bool, target: str) -> str:
    """Whether a target was reached, in words."""
    return f"{target}: {'holds' if holds else '**does not hold**'}"


def print_table(title: str, head: str, lines: list[str]) -> None:
    """A heading and a table; ``head`` holds the columns' names, parted by bars."""
    columns = head.count("|") + 1
    print(f"\n## {title}\n\n| {head} |\n|{' --- |' * columns}", *lines, sep="\n", flush=True)
