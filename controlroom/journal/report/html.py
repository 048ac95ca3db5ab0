"""`session.html`: the report in one file that asks nobody for anything, by day, by night and on paper.

It is the Markdown report, rendered: so both say the same. Plots and pictures are in the page, the chart is drawn here,
and a policy in the page's head forbids whatever else a text might try to load or to run.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from controlroom.core.clean import clean
from controlroom.journal.report.gantt import gantt_drawing
from controlroom.journal.report.page import Page

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg"}
"""Of pictures that are put into the page."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --dim: #59636e; --paper: #fff; --soft: #f6f8fa; --line: #d1d9e0;
  --calm: #0969da; --done: #1a7f37; --fault: #cf222e }
@media (prefers-color-scheme: dark) { :root { --ink: #d1d7e0; --dim: #9198a1; --paper: #0d1117; --soft: #151b23;
  --line: #3d444d; --calm: #4493f8; --done: #3fb950; --fault: #f85149 } }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .6rem }
h1 + p { font-size: 1.35rem }
h2 { margin: 2.4rem 0 .8rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line) }
h3 { margin: 1.8rem 0 .6rem }
nav { margin: 1rem 0 0; color: var(--dim); font-size: .92rem }
nav a { margin-right: .9rem; color: var(--calm); text-decoration: none; white-space: nowrap }
table { border-collapse: collapse; margin: .8rem 0; font-size: .92rem; font-variant-numeric: tabular-nums;
  display: block; max-width: 100%; overflow-x: auto }
th, td { padding: .35rem .7rem; border: 1px solid var(--line); text-align: left; vertical-align: top }
th { background: var(--soft) }
thead:not(:has(th:not(:empty))) { display: none }
tbody tr:nth-child(even) { background: var(--soft) }
code, pre { font: .86rem/1.45 ui-monospace, monospace; background: var(--soft) }
code { padding: .1em .3em } pre { padding: .8rem; overflow-x: auto } pre code { padding: 0 }
summary { cursor: pointer; color: var(--dim) }
img, svg { max-width: 100%; height: auto }
.good { color: var(--done) } .bad { color: var(--fault) } .dim { color: var(--dim) }
.good, .bad { font-weight: 600; white-space: nowrap }
li.task { list-style: none; margin-left: -1.3rem }
.gantt { font: 13px system-ui, sans-serif } .gantt text { fill: var(--ink) } .gantt .section { font-weight: 600 }
.gantt .mark { fill: var(--dim); text-anchor: middle } .gantt path { stroke: var(--line) }
.gantt .task { fill: var(--calm) } .gantt .done { fill: var(--done) } .gantt .crit { fill: var(--fault) }
.gantt .planned { fill: var(--dim); fill-opacity: .45 }
@media print { body { max-width: none; padding: 0; font-size: 10pt } nav { display: none }
  h2, h3, p:has(+ p > svg) { break-after: avoid }
  details::details-content { content-visibility: visible } pre { white-space: pre-wrap; overflow: visible }
  tr, svg, img { break-inside: avoid } table { display: table; font-size: 8.5pt } }
"""


def html(page: Page, markdown: str, files: Mapping[str, bytes]) -> str:
    """The page. `files`: what the report names, by path; a picture that is not among them is named alone."""
    body, headings = _rendered(page, markdown, files)
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in headings)
    title = escape(clean(page.plan.title))
    body = body.replace("</table>", f"</table>\n<nav>{links}</nav>", 1)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{title}</title>\n'
        f'<link rel="icon" href="data:,">\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n'
    )


def _rendered(page: Page, markdown: str, files: Mapping[str, bytes]) -> tuple[str, list[tuple[str, str]]]:
    """The body, and its second-level headings with the names that lead to them."""
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    headings: list[tuple[str, str]] = []
    # HTML is let through: the report's own folds and line breaks. Text of others is escaped in the Markdown.
    reader = MarkdownIt("commonmark").enable("table")

    def image(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        return _picture(str(token.attrs.get("src", "")), token.content, files)

    def fence(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        if token.info == "mermaid":
            return gantt_drawing(page) + "\n"
        return f"<pre><code>{escape(token.content)}</code></pre>\n"

    reader.add_render_rule("image", image)
    reader.add_render_rule("fence", fence)
    tokens = reader.parse(markdown)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            headings.append((f"section-{len(headings) + 1}", inner.content.replace("\\", "")))
            token.attrSet("id", headings[-1][0])
    body = str(reader.renderer.render(tokens, reader.options, {}))
    return _WORDS.sub(_word, _BOX.sub(_box, body)), headings


_SIGNS = {"✅": ("good", "✓"), "❌": ("bad", "✗"), "⚠️": ("bad", "!"), "❔": ("dim", "?"), "⏳": ("dim", "…")}
_WORDS = re.compile(
    r"(✅|❌|⚠️|❔|⏳) (passed|needs improvement|inconclusive|pending|pass|fail|unknown|set|clear)\b"
)


def _word(found: re.Match[str]) -> str:
    """A result with a sign that every font has, in a colour that the page's scheme can bear."""
    kind, sign = _SIGNS[found[1]]
    return f'<span class="{kind}">{sign} {found[2]}</span>'


_BOX = re.compile(r"<li>(\s*(?:<p>)?)\[([ x])\] ")


def _box(found: re.Match[str]) -> str:
    checked = " checked" if found[2] == "x" else ""
    return f'<li class="task">{found[1]}<input type="checkbox" disabled{checked}> '


def _picture(path: str, text: str, files: Mapping[str, bytes]) -> str:
    """An SVG of ours stands in the page itself, and so follows its colours; any other picture as data."""
    data = files.get(path)
    kind = TYPES.get(path[path.rfind(".") :])
    if data is None or kind is None:
        return f"<em>{escape(text)}: {escape(path)}</em>"
    if path.startswith("plots/"):
        return data.decode().partition("?>")[2].strip()
    return f'<img alt="{escape(text)}" src="data:{kind};base64,{base64.b64encode(data).decode()}">'
