"""Which functions there are: those of Prometheus 2.42, but for those of native histograms."""

from __future__ import annotations

from controlroom.lab.prometheus.elementwise import DATE, MATH
from controlroom.lab.prometheus.over_time import OVER_TIME

SCALAR_FUNCTIONS = frozenset({"pi", "scalar", "time"})

NAMES = frozenset(
    {
        *MATH,
        *DATE,
        *OVER_TIME,
        *SCALAR_FUNCTIONS,
        "absent",
        "absent_over_time",
        "clamp",
        "clamp_max",
        "clamp_min",
        "histogram_quantile",
        "label_join",
        "label_replace",
        "round",
        "sort",
        "sort_desc",
        "timestamp",
        "vector",
    }
)
