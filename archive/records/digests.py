"""What makes two deliveries of one document the same, renamed, or changed.

The re-push matrix, with what it lacks for notices added: same bytes and names are the same; same bytes under another
title or file name are renamed; anything else is a new version. The envelope is kept but not compared: portals count
clicks in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from archive.blobs.digests import Digest
from archive.records.types import ComponentRole, Delivery, Incoming


@dataclass(frozen=True)
class DeliveryDigests:
    """Two digests in hex: `everything` the source says and sends, `content` only the bytes."""

    everything: str
    content: str


def digest_delivery(delivery: Delivery, stored: Sequence[tuple[Incoming, Digest]]) -> DeliveryDigests:
    """Digest a delivery whose bytes have been stored, without its envelope."""
    files = [(incoming, digest) for incoming, digest in stored if incoming.role is not ComponentRole.ENVELOPE]
    return DeliveryDigests(
        everything=_digest(
            [
                delivery.title,
                delivery.region,
                delivery.published.isoformat() if delivery.published else None,
                dict(delivery.hints),
                [[f.role, f.name, f.name_bytes.hex() if f.name_bytes else None, f.code, d.sha256] for f, d in files],
            ]
        ),
        content=_digest([[f.role, d.sha256] for f, d in files]),
    )


def _digest(value: object) -> str:
    data = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # A name that was not UTF-8 carries surrogates; they are digested as they stand.
    return sha256(data.encode("utf-8", "surrogatepass")).hexdigest()
