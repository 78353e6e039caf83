"""The items of a volume, looked into one after another: what was said of each is kept, and never the item itself."""

from collections.abc import Sequence

from ingest.checks.engine import findings_of
from ingest.checks.gate import MISSING
from ingest.checks.subjects import CheckedVolume, Said
from ingest.checks.types import Check, Checked, CheckOf, Finding, not_checked
from ingest.checks.volume_contents import EveryItem


def look(item: Checked, checks: Sequence[CheckOf[CheckedVolume]]) -> Said:
    """What those of `checks` that look into items say of this one. A check that breaks is not checked, as elsewhere.

    Raises:
        Unavailable: the store does not answer; nothing was found out.
    """
    of_items = [check.of_items for check in checks if isinstance(check, EveryItem)]
    said = {check.code: _of(check, item) for check in of_items}
    return lambda check: said.get(check.code, [not_checked("item-not-loaded")])


def _of(check: Check, item: Checked) -> list[Finding]:
    """What one check says. Silence is no pass: a check that says nothing, or leaves a file out, has not checked it."""
    found = findings_of(check, item)
    spoken = {finding.component for finding in found}
    if spoken and spoken <= {None}:
        return found
    left = [part.id for part in item.components if part.id not in spoken]
    return [*found, *(not_checked(MISSING, part, check=check.code) for part in left)]
