"""The pages of the project, and what can be read out of them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "experiments" / "README.md",
    ROOT / "sessions" / "README.md",
)

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"(?<!`)`controlroom ([a-z]+)[^`]*`(?!`)")


def text(name: str) -> str:
    """A page by its path from the root of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Example:
    """A command line that a page shows."""

    page: str
    words: tuple[str, ...]
    """What stands after `controlroom`."""

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def examples(page: Path) -> list[Example]:
    """Command lines of the page's shell blocks."""
    blocks = _FENCE.findall(page.read_text(encoding="utf-8"))
    lines = [line for kind, body in blocks if kind == "sh" for line in body.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if line.lstrip().startswith("controlroom ")]
    return [Example(str(page.relative_to(ROOT)), tuple(words[1:])) for words in found]


def mentions(page: Path) -> set[str]:
    """Commands that the page's sentences name as `controlroom COMMAND …`."""
    return set(_INLINE.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))))


def links(page: Path) -> list[str]:
    """Targets of the page's links and pictures that lead to a file."""
    found = _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return [target for target in found if not re.match(r"[a-z]+:|#", target)]


def headings(page: Path) -> set[str]:
    """Anchors of the page's headings, as forges make them."""
    found = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
