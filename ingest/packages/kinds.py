"""The kinds of packages: how each is told by its content, validated, and read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest.packages.bagit import is_bag, looks_like_bag, validate_bag
from ingest.packages.csip import csip_records, is_csip, validate_csip
from ingest.packages.dat93 import dat93_records, is_dat93, validate_dat93
from ingest.packages.dat103 import dat103_records, is_dat103, validate_dat103
from ingest.packages.eep import eep_records, is_eep, validate_eep
from ingest.packages.findings import Findings
from ingest.packages.members import Members
from ingest.packages.records import PackedRecord
from ingest.packages.types import Kind


@dataclass(frozen=True)
class Rules:
    """One kind. `validate` adds what it finds and gives the version claimed; a bag has no records of its own."""

    kind: Kind
    recognises: Callable[[Members], bool]
    validate: Callable[[Members, Findings], str]
    records: Callable[[Members], Iterator[PackedRecord]] | None = None


KINDS = (
    Rules(Kind.BAGIT, is_bag, validate_bag),
    Rules(Kind.CSIP, is_csip, validate_csip, csip_records),
    Rules(Kind.EEP, is_eep, validate_eep, eep_records),
    Rules(Kind.DAT103, is_dat103, validate_dat103, dat103_records),
    Rules(Kind.DAT93, is_dat93, validate_dat93, dat93_records),
    Rules(Kind.BAGIT, looks_like_bag, validate_bag),
)
"""In the order in which they are asked: a bag may hold a package of another kind, none of the others a bag."""


def rules_for(members: Members) -> Rules | None:
    """The kind of these files by their content; None where they are a package of no kind known here."""
    return next((rules for rules in KINDS if rules.recognises(members)), None)
