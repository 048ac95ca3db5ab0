"""The preview before a start: the manifest as it would be sent, who it would hit, and what the guards say."""

from __future__ import annotations

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import Recorder
from controlroom.sources.ports import Cluster

MARGIN = 30.0
"""Seconds that a fault's duration reaches beyond the moment at which it is to end."""


class Previewer(Part):
    """Resolves an experiment against the cluster, without changing anything."""

    def __init__(self, recorder: Recorder, cluster: Cluster) -> None:
        super().__init__(recorder)
        self._cluster = cluster

    def next_run(self, experiment: str) -> str:
        """The name that the next injection of the experiment gets."""
        latest = self.state.latest_run(experiment)
        return f"{experiment}#{(latest.ordinal if latest else 0) + 1}"
