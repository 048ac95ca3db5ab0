"""The samples: series in memory, found by label, ended by staleness markers."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from controlroom.lab.prometheus.labels import METRIC_NAME, Labels, Matcher
from controlroom.lab.prometheus.numbers import STALE_NAN, is_stale

#: A series that has not been appended to for this long is no longer seen (milliseconds).
LOOKBACK_MS = 5 * 60 * 1000

#: So many selections are remembered until a series comes or goes.
_SELECTIONS = 1000


class StoredSeries:
    """One series: times in Unix milliseconds, ascending, and as many values."""

    __slots__ = ("has_stale", "labels", "times", "values")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.times = array("q")
        self.values = array("d")
        self.has_stale = False

    def append(self, t_ms: int, value: float) -> bool:
        """Adds a sample; False, and nothing added, where it is not newer than the last one."""
        if self.times and t_ms <= self.times[-1]:
            return False
        self.times.append(t_ms)
        self.values.append(value)
        if value != value and is_stale(value):
            self.has_stale = True
        return True

    def between(self, first_ms: int, last_ms: int) -> tuple[list[int], list[float]]:
        """The samples of a closed interval, staleness markers left out."""
        low, high = bisect_left(self.times, first_ms), bisect_right(self.times, last_ms)
        times, values = self.times[low:high].tolist(), self.values[low:high].tolist()
        if not self.has_stale:
            return times, values
        kept = [(t, v) for t, v in zip(times, values, strict=True) if v == v or not is_stale(v)]
        return [t for t, _ in kept], [v for _, v in kept]


class Storage:
    """All series of the server, in memory.

    `retention_ms` bounds how far back samples are kept, counted from the newest sample; they are dropped
    in batches, so up to a tenth more than that may be there.
    """

    def __init__(self, retention_ms: int = 24 * 3600 * 1000) -> None:
        self._retention_ms = retention_ms
        self._series: dict[Labels, StoredSeries] = {}
        self._by_label: dict[tuple[str, str], set[StoredSeries]] = {}
        self._by_name: dict[str, set[StoredSeries]] = {}
        self._selections: dict[tuple[Matcher, ...], list[StoredSeries]] = {}
        self._scraped: dict[Labels, _Target] = {}
        self._newest_ms = 0
        self._swept_ms = 0

    def append(self, labels: Labels, t_ms: int, value: float) -> None:
        """Adds a sample at `t_ms` (Unix milliseconds); one that is not newer than the last is dropped."""
        self.series(labels).append(t_ms, value)
        self._passed(t_ms)

    def series(self, labels: Labels) -> StoredSeries:
        """The series with these labels, made where it was not there."""
        found = self._series.get(labels)
        if found is None:
            found = self._series[labels] = StoredSeries(labels)
            for pair in labels.pairs:
                self._by_label.setdefault(pair, set()).add(found)
                self._by_name.setdefault(pair[0], set()).add(found)
            self._selections.clear()
        return found

    def append_scrape(
        self, target: Labels, samples: Iterable[tuple[Labels, float]], t_ms: int, *, up: bool = True
    ) -> None:
        """What one target exposed at `t_ms`: its samples (labels with the metric name), and `up`.

        A label that the target has, too, is kept as `exported_…`, as honor_labels: false does. Series of the
        target's scrape before that are missing now get a staleness marker. A target that is not `up` exposes
        nothing, and all its series end but `up`, which becomes 0.
        """
        state = self._scraped.get(target)
        if state is None:
            state = self._scraped[target] = _Target(self, target)
        state.scrape(samples if up else (), t_ms)
        state.up.append(t_ms, 1.0 if up else 0.0)
        self._passed(t_ms)

    def end_target(self, target: Labels, t_ms: int) -> None:
        """The target is gone from service discovery: all its series, `up` too, end at `t_ms`."""
        state = self._scraped.pop(target, None)
        if state is not None:
            state.scrape((), t_ms)
            state.up.append(t_ms, STALE_NAN)

    def targets(self) -> list[Labels]:
        """The targets that have been scraped and not ended."""
        return sorted(self._scraped)

    def select(self, matchers: tuple[Matcher, ...]) -> Sequence[StoredSeries]:
        """The series that fulfil all matchers, sorted by labels."""
        found = self._selections.get(matchers)
        if found is None:
            if len(self._selections) >= _SELECTIONS:
                self._selections.clear()
            found = self._selections[matchers] = sorted(self._matching(matchers), key=lambda one: one.labels)
        return found

    def _matching(self, matchers: tuple[Matcher, ...]) -> list[StoredSeries]:
        candidates: set[StoredSeries] | None = None
        others: list[Matcher] = []
        for matcher in matchers:
            if matcher.operator == "=" and matcher.value:
                having = self._by_label.get((matcher.name, matcher.value), set())
                candidates = having if candidates is None else candidates & having
            else:
                others.append(matcher)
        pool = self._series.values() if candidates is None else candidates
        return [one for one in pool if all(m.matches(one.labels.get(m.name)) for m in others)]

    def label_names(self, among: Iterable[StoredSeries] | None = None) -> list[str]:
        """The names of all labels, or of those of some series, sorted."""
        if among is None:
            return sorted(name for name, having in self._by_name.items() if having)
        return sorted({name for one in among for name, _ in one.labels})

    def label_values(self, name: str, among: Iterable[StoredSeries] | None = None) -> list[str]:
        """The values that a label has, sorted."""
        having = self._by_name.get(name, set()) if among is None else among
        return sorted({value for one in having if (value := one.labels.get(name))})

    def all_series(self) -> Sequence[StoredSeries]:
        """Every series, sorted by labels."""
        return self.select(())

    @property
    def newest_ms(self) -> int:
        """The time of the newest sample, 0 before the first."""
        return self._newest_ms

    def _passed(self, t_ms: int) -> None:
        if t_ms > self._newest_ms:
            self._newest_ms = t_ms
        if self._newest_ms - self._swept_ms > self._retention_ms // 10:
            self._swept_ms = self._newest_ms
            self._sweep(self._newest_ms - self._retention_ms)

    def _sweep(self, oldest_ms: int) -> None:
        for series in list(self._series.values()):
            cut = bisect_left(series.times, oldest_ms)
            if cut:
                del series.times[:cut]
                del series.values[:cut]
            if cut and not series.times:
                self._forget(series)

    def _forget(self, series: StoredSeries) -> None:
        del self._series[series.labels]
        for pair in series.labels.pairs:
            self._by_label[pair].discard(series)
            self._by_name[pair[0]].discard(series)
        for target in self._scraped.values():
            target.forget(series)
        self._selections.clear()


class _Target:
    """What is remembered of a target between scrapes: which sample goes to which series."""

    def __init__(self, storage: Storage, labels: Labels) -> None:
        self._storage = storage
        self._labels = labels
        self._known: dict[Labels, StoredSeries] = {}
        self._previous: dict[Labels, StoredSeries] = {}

    @property
    def up(self) -> StoredSeries:
        return self._storage.series(self._labels.replaced({METRIC_NAME: "up"}))

    def scrape(self, samples: Iterable[tuple[Labels, float]], t_ms: int) -> None:
        known, previous, current = self._known, self._previous, {}
        for labels, value in samples:
            series = known.get(labels)
            if series is None:
                series = known[labels] = self._storage.series(self._target_labels(labels))
            series.append(t_ms, value)
            current[labels] = series
        if len(current) != len(previous) or current.keys() != previous.keys():
            for gone in previous.keys() - current.keys():
                previous[gone].append(t_ms, STALE_NAN)
        self._previous = current

    def forget(self, series: StoredSeries) -> None:
        for labels in [labels for labels, one in self._known.items() if one is series]:
            del self._known[labels]
            self._previous.pop(labels, None)

    def _target_labels(self, labels: Labels) -> Labels:
        merged = dict(self._labels.pairs)
        for name, value in labels.pairs:
            merged[f"exported_{name}" if name in merged else name] = value
        return Labels(merged)
