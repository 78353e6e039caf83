"""Metrics as text that Prometheus reads; the one door to its client library."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ingest.watching.families import FAMILIES
from ingest.watching.service import Sample

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposition(samples: Iterable[Sample]) -> str:
    """The samples under the names and meanings of their families; a family without any is named all the same."""
    registry = CollectorRegistry()
    registry.register(_Read(samples))
    return generate_latest(registry).decode("utf-8")


class _Read:
    """What has been read, in the form in which the library asks for it."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._families = {
            family.name: GaugeMetricFamily(family.name, family.meaning, labels=family.labels) for family in FAMILIES
        }
        for sample in samples:
            self._families[sample.family.name].add_metric(sample.labels, sample.value)

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        return self._families.values()
