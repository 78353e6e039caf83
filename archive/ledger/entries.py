"""The bytes of an entry: what a Merkle leaf is made of, and the only place where its event is kept.

`{"actor","at","body","index","subject":{"id","kind"},"type","version":1}` as canonical JSON. Standard library only.
"""

from datetime import datetime

from archive.ledger.canonical import NotCanonical, dump, load, moment_of, moment_text
from archive.ledger.types import SUBJECT_KINDS, Entry, Event, EventType

VERSION = 1
_FIELDS = {"actor", "at", "body", "index", "subject", "type", "version"}


def encode(index: int, at: datetime, event: Event) -> Entry:
    """The entry for `event` at place `index`.

    Raises:
        NotCanonical: the body holds something that has no canonical form.
    """
    data = dump(
        {
            "actor": event.actor,
            "at": moment_text(at),
            "body": event.body,
            "index": index,
            "subject": {"id": event.subject_id, "kind": event.subject_kind},
            "type": str(event.type),
            "version": VERSION,
        }
    )
    return Entry(index, at, event, data)


def decode(data: bytes) -> Entry:
    """The entry that `encode` made `data` of.

    Raises:
        NotCanonical: the bytes are not canonical, or not those of an entry of version 1.
    """
    fields = load(data)
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise NotCanonical("not an entry")
    if type(fields["version"]) is not int or fields["version"] != VERSION:
        raise NotCanonical("not version 1")
    actor, body, index, subject = fields["actor"], fields["body"], fields["index"], fields["subject"]
    if type(index) is not int or index < 0 or not isinstance(body, dict) or not isinstance(actor, str):
        raise NotCanonical("an entry with a field of the wrong kind")
    if not isinstance(subject, dict) or set(subject) != {"id", "kind"} or not isinstance(subject["id"], str):
        raise NotCanonical("an entry without its subject")
    if subject["kind"] not in SUBJECT_KINDS or fields["type"] not in {kind.value for kind in EventType}:
        raise NotCanonical("an entry of an unknown type")
    if not isinstance(fields["at"], str):
        raise NotCanonical("an entry without its moment")
    event = Event(EventType(fields["type"]), actor, subject["kind"], subject["id"], body)
    return Entry(index, moment_of(fields["at"]), event, data)
