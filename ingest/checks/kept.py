"""What ties metadata to content, and what must have stayed as it was: checks of filing and of long-term keeping."""

from collections.abc import Iterator

from archive.errors import ArchiveError, Unavailable
from ingest.checks.authenticity import Consistency
from ingest.checks.inspected import inspected
from ingest.checks.signed import FixedAuthenticity
from ingest.checks.types import (
    Checked,
    CheckedComponent,
    Finding,
    Nature,
    failed,
    not_checked,
    passed,
    seen,
)
from ingest.formats.inspection import Aspect
from ingest.outcomes import Outcome


class LinkedContent:
    """GD-1-11: the metadata of an item lead to its content: it has components, and the store has each of them.

    Whether the bytes are the right ones is another question (`GD-1-14`).
    """

    code = "GD-1-11"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        finding = passed() if item.components else failed("content-not-linked")
        yield seen(finding, {"files": len(item.components)})
        for component in item.components:
            yield _found(component)


class LastingFormat:
    """GD-3-5: the format is one for long keeping, as far as a validator has looked at its promise (PDF/A, OFD).

    A claim of the file itself counts for nothing. Where no validator looked, the format is not checked.
    """

    code = "GD-3-5"
    nature = Nature.USABILITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        for component in item.components:
            yield inspected(component, Aspect.CONFORMANCE)


class StillFixed:
    """CQ-1-1: what fixed a document holds now: its digests agree, and its signatures verify."""

    code = "CQ-1-1"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        digests = {finding.component: finding for finding in Consistency().run(item)}
        signatures = {finding.component: finding for finding in FixedAuthenticity().run(item)}
        for component, finding in digests.items():
            signed = signatures.get(component)
            if finding.outcome is not Outcome.PASS or signed is None or signed.outcome is Outcome.NOT_APPLICABLE:
                yield finding
            else:
                yield signed


class AsRegistered:
    """CQ-1-2: the description of an item reads as the ledger took it down when the item came in."""

    code = "CQ-1-2"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        if item.registered is None:
            yield not_checked("not-compared-with-ledger")
            return
        evidence = {"registered": item.registered.then, "found": item.registered.now}
        agrees = item.registered.then == item.registered.now
        yield seen(passed() if agrees else failed("metadata-changed"), evidence)


def _found(component: CheckedComponent) -> Finding:
    try:
        with component.open() as stream:
            stream.read(1)
    except Unavailable:
        # The store is away, which says nothing of the file: looked at when it is there again.
        raise
    except (OSError, ArchiveError) as error:
        detail = error.code if isinstance(error, ArchiveError) else type(error).__name__
        return failed("content-unreachable", component.id, detail=detail)
    return seen(passed(component.id), {"sha256": component.sha256})
