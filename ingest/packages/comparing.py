"""A file of a package against what the package says of it."""

from collections.abc import Mapping

from archive.errors import InvalidInput
from ingest.packages.digests import EITHER, differing, digested, settled, to_compute
from ingest.packages.findings import Findings
from ingest.packages.members import Member
from ingest.packages.names import shown


def compare(
    member: Member, findings: Findings, *, size: int | None = None, digests: Mapping[str, str] | None = None
) -> None:
    """Read a file once and find what is other than announced: `manifest-size-differs`, `manifest-digest-differs`.

    A file that cannot be read is a finding under the code that says why.
    """
    name = shown(member.path)
    announced = digests or {}
    try:
        with member.open() as stream:
            found = digested(stream, to_compute(announced))
    except InvalidInput as error:
        findings.caught(error, name)
        return
    except OSError as error:
        findings.error("package-file-unreadable", name, detail=error.strerror or type(error).__name__)
        return
    if size is not None and size != found.size:
        findings.error("manifest-size-differs", name, announced=size, found=found.size)
    for algorithm in differing(settled(announced, found.digests()), found.digests()):
        findings.error("manifest-digest-differs", name, algorithm=algorithm)


def settled_by_reading(member: Member, digests: Mapping[str, str]) -> Mapping[str, str]:
    """Digests as `settled`, for which the file is read where one of them is nameless."""
    if EITHER not in digests:
        return digests
    with member.open() as stream:
        return settled(digests, digested(stream, ("sm3",)).digests())
