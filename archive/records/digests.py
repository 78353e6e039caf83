"""What makes two deliveries of one document the same, renamed, or changed.

The re-push matrix, with what it lacks for notices added: same bytes and names are the same; same bytes under another
title or file name are renamed; anything else is a new version. The envelope is kept but not compared: portals count
clicks in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from archive.blobs.digests import Digest
from archive.records.types import Component, ComponentRole, Delivery, Incoming, Version


@dataclass(frozen=True)
class DeliveryDigests:
    """Two digests in hex: `everything` the source says and sends, `content` only the bytes."""

    everything: str
    content: str


def digest_delivery(delivery: Delivery, stored: Sequence[tuple[Incoming, Digest]]) -> DeliveryDigests:
    """Digest a delivery whose bytes have been stored, without its envelope."""
    said = (delivery.title, delivery.published, delivery.hints)
    return _digests(said, delivery.region, [(incoming, digest.sha256) for incoming, digest in stored])


def digest_version(version: Version, region: str, components: Sequence[Component]) -> DeliveryDigests:
    """The same digests from the rows of a version; `region` is the one that came with it."""
    said = (version.title, version.published, version.hints)
    return _digests(said, region, [(component, component.sha256) for component in components])


def _digests(
    said: tuple[str, datetime | None, Mapping[str, object]],
    region: str,
    given: Sequence[tuple[Incoming | Component, str]],
) -> DeliveryDigests:
    title, published, hints = said
    files = [(file, sha256) for file, sha256 in given if file.role is not ComponentRole.ENVELOPE]
    return DeliveryDigests(
        everything=_digest(
            [
                title,
                region,
                published.astimezone(UTC).isoformat() if published else None,
                dict(hints),
                [[f.role, f.name, f.name_bytes.hex() if f.name_bytes else None, f.code, sha256] for f, sha256 in files],
            ]
        ),
        content=_digest([[f.role, sha256] for f, sha256 in files]),
    )


def _digest(value: object) -> str:
    data = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(data.encode("utf-8", "surrogatepass")).hexdigest()
