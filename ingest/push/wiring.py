"""Data push, put together."""

from dataclasses import dataclass

from archive.wiring import Kernel
from ingest.connectors.locale import Locale
from ingest.connectors.secrets import Secrets
from ingest.push.joining import Joiner
from ingest.push.senders import Senders
from ingest.push.service import PushPorts, PushService
from ingest.push.tables import own_tables
from ingest.taking import Taker


@dataclass(frozen=True)
class Push:
    """The parts of data push: who may send, receiving, taking in."""

    senders: Senders
    service: PushService
    joiner: Joiner


def build_push(kernel: Kernel, taker: Taker, locale: Locale, secrets: Secrets) -> Push:
    """Data push on one kernel."""
    ports = PushPorts(kernel.database, kernel.blobs, kernel.jobs, taker, kernel.clock, locale, own_tables(), secrets)
    return Push(Senders(kernel.database, kernel.clock, secrets), PushService(ports), Joiner(ports))
