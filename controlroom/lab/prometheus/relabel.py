"""`label_replace` and `label_join`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from controlroom.lab.prometheus.errors import execution
from controlroom.lab.prometheus.labels import Labels, anchored, is_label_name
from controlroom.lab.prometheus.values import Series, Vector, merged

_REFERENCE = re.compile(r"\$(?:\$|\{(?P<braced>\w+)\}|(?P<bare>\w+))", re.ASCII)


def label_replace(vector: Vector, args: Sequence[str]) -> Vector:
    """`args`: destination label, replacement, source label, regular expression (anchored)."""
    destination, replacement, source, pattern = args
    try:
        compiled = anchored(pattern)
    except re.error as error:
        raise execution(f"invalid regular expression in label_replace(): {pattern}") from error
    if not is_label_name(destination):
        raise execution(f"invalid destination label name in label_replace(): {destination}")

    def rewritten(labels: Labels) -> Labels:
        match = compiled.match(labels.get(source))
        return labels if match is None else labels.replaced({destination: _expanded(replacement, match)})

    return merged(Series(rewritten(series.labels), series.column) for series in vector)


def _expanded(template: str, match: re.Match[str]) -> str:
    """Go's Regexp.ExpandString: $1, ${1}, $name, ${name}, $$; an unknown group is empty."""

    def value(reference: re.Match[str]) -> str:
        name = reference["braced"] or reference["bare"]
        if name is None:
            return "$"
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _REFERENCE.sub(value, template)


def label_join(vector: Vector, args: Sequence[str]) -> Vector:
    """`args`: destination label, separator, source labels."""
    destination, separator, *sources = args
    for source in sources:
        if not is_label_name(source):
            raise execution(f"invalid source label name in label_join(): {source}")
    if not is_label_name(destination):
        raise execution(f"invalid destination label name in label_join(): {destination}")
    return merged(
        Series(
            one.labels.replaced({destination: separator.join(one.labels.get(name) for name in sources)}),
            one.column,
        )
        for one in vector
    )
