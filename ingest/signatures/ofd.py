"""Signatures and seals of OFD files (GB/T 33190-2016, clause 18).

`OFD.xml` names a list of signatures, the list their descriptions, a description the digests of the files that were
signed; and what is signed is the digest of the description. What cannot be understood leaves a signature unchecked: it
is neither valid nor invalid for that.
"""

import hashlib
import io
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.formats.containers import Container, open_container
from ingest.outcomes import Observation
from ingest.signatures.gm_cms import Stamp, once, verify_signed_data, verify_stamp
from ingest.signatures.gm_signed_data import is_signed_data, read_signed_data
from ingest.signatures.ofd_coverage import Digests, coverage
from ingest.signatures.ofd_sheets import MOST_SIGNATURES, Listed, Sheet, listed, read_sheet
from ingest.signatures.public_keys import DIGESTS, WEAK, fits
from ingest.signatures.seals import MOST_OCTETS, SealSignature, judge_seal, read_seal_signature
from ingest.signatures.sm2_paths import Moment, Vouching
from ingest.signatures.types import Coverage, Integrity, Judged, Kind, Signature, Trust, TrustList

_DESCRIPTION = "signature.xml"
_INTEGRITY_LIST = "OFDEntries.xml"
_WORST_FIRST = (Trust.INVALID, Trust.NOT_CHECKED, Trust.UNKNOWN, Trust.TRUSTED)


def verify(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """Verify every signature of an OFD file, judged at the moment `at`.

    Raises:
        InvalidInput: as `ingest.formats.containers.open_container`; `ofd-signatures-too-many`; `file-damaged` where
            `OFD.xml` or a list of signatures cannot be read and nothing else shows any; `seal-certificate-unreadable`
            where the trust list cannot be read.
    """
    container = open_container(stream)
    described = [part for part in container.entries if posixpath.basename(part).lower() == _DESCRIPTION]
    try:
        found, damage = listed(container), None
    except InvalidInput as error:
        # A list that was broken on purpose must not hide the signatures that would show it.
        if not described or error.code == "ofd-signatures-too-many":
            raise
        found, damage = Listed((), ()), error
    hidden = [part for part in described if part not in found.sheets][:MOST_SIGNATURES]
    verification = _Verification(container, found, Vouching(trust), at)
    return (*verification.signatures(hidden, damage), *_integrity_list(container))


class _Verification:
    """The verification of one file."""

    def __init__(self, container: Container, found: Listed, vouching: Vouching, at: datetime) -> None:
        self._container = container
        self._found = found
        self._vouching = vouching
        self._at = at
        self._digests = Digests(container)
        self._parts: dict[str, tuple[str, ...]] = {}

    def signatures(self, hidden: Sequence[str], damage: InvalidInput | None) -> list[Signature]:
        """All of them in the order of the lists, then those that are `hidden`, as no list names them.

        `damage` is why the lists could not be read, if they could not.
        """
        read = {part: self._sheet(part) for part in (*self._found.sheets, *hidden)}
        sheets = [each for each in read.values() if isinstance(each, Sheet)]
        results: list[Signature] = []
        for part, sheet in read.items():
            if isinstance(sheet, Sheet):
                made = self._verified(sheet, [each for each in sheets if each is not sheet])
            else:
                made = [_unchecked(part, Observation(sheet.code, sheet.params, part))]
            remarks = [Observation("ofd-signature-unlisted")] if part in hidden else []
            if damage:
                remarks.append(Observation(damage.code, damage.params))
            results += [replace(each, observations=once((*each.observations, *remarks))) for each in made]
        return results

    def _sheet(self, part: str) -> Sheet | InvalidInput:
        try:
            return read_sheet(self._container, part)
        except InvalidInput as error:
            return error

    def _verified(self, sheet: Sheet, others: Sequence[Sheet]) -> list[Signature]:
        try:
            files, seen = self._digests.compare(sheet)
        except InvalidInput as error:
            return [_unchecked(sheet.part, Observation(error.code, error.params, sheet.part))]
        try:
            value = self._container.read(sheet.value, MOST_OCTETS)
            signers = verify_value(value, sheet, self._vouching, self._at)
        except InvalidInput as error:
            unknown = Observation(error.code, error.params, sheet.value)
            value, signers = b"", (Judged(Integrity.NOT_CHECKED, Trust.NOT_CHECKED, observations=(unknown,)),)
        own_seal, remarks = self._seal(sheet, value)
        excused = frozenset({sheet.part, sheet.value, *self._found.lists, *own_seal})
        machinery = frozenset(part for other in others for part in self._made_of(other))
        covers, left_out = coverage(self._container, sheet, others, excused, machinery)
        return [
            Signature(
                kind=Kind.OFD,
                place=sheet.part,
                integrity=_worst(files, signer.integrity),
                coverage=covers,
                trust=signer.trust,
                signer=signer.signer,
                time=signer.time or sheet.time,
                time_proved=signer.time_proved,
                algorithm=signer.algorithm,
                observations=once((*seen, *signer.observations, *remarks, *left_out)),
            )
            for signer in signers
        ]

    def _made_of(self, sheet: Sheet) -> tuple[str, ...]:
        """The parts of a signature. What it only calls its seal is none of them: it could be anything put in later."""
        if sheet.part not in self._parts:
            try:
                seal, _ = self._seal(sheet, self._container.read(sheet.value, MOST_OCTETS))
            except InvalidInput:
                seal = ()
            self._parts[sheet.part] = (sheet.part, sheet.value, *seal)
        return self._parts[sheet.part]

    def _seal(self, sheet: Sheet, value: bytes) -> tuple[tuple[str, ...], tuple[Observation, ...]]:
        """The file of the seal, where it is the seal that was signed; otherwise a remark that it is another."""
        if not sheet.seal or sheet.seal not in self._container:
            return (), ()
        try:
            same = self._container.read(sheet.seal, MOST_OCTETS) == read_seal_signature(value).seal.encoded
        except InvalidInput as error:
            return (), (Observation(error.code, error.params, sheet.seal),)
        return ((sheet.seal,), ()) if same else ((), (Observation("ofd-seal-differs", place=sheet.seal),))


def verify_value(value: bytes, sheet: Sheet, vouching: Vouching, at: datetime) -> tuple[Judged, ...]:
    """Who signed `sheet`: signed data of GB/T 35275, or a seal signature, whichever `value` is.

    Raises:
        InvalidInput: `seal-structure-unknown`, it is neither; `seal-certificate-unreadable`.
    """
    if is_signed_data(value):
        return verify_signed_data(read_signed_data(value), io.BytesIO(sheet.content), vouching, at, sheet.time)
    return (_sealed(read_seal_signature(value), sheet, vouching, at),)


def _sealed(sealed: SealSignature, sheet: Sheet, vouching: Vouching, at: datetime) -> Judged:
    stamp = Stamp(None, proved=False)
    if sealed.token:
        stamp = verify_stamp(sealed.token, lambda: (sealed.stamped,), vouching, at)
    time = stamp.time if stamp.proved else sealed.time or stamp.time or sheet.time
    moment = Moment(time, at, stamp.proved)
    fit = _fit(sealed, sheet)
    user = vouching.standing(sealed.signer, (), moment)
    seal = judge_seal(sealed.seal, sealed.signer, vouching, moment)
    return Judged(
        integrity=fit.integrity,
        trust=min((user.trust, seal.trust), key=_WORST_FIRST.index),
        signer=sealed.signer.subject,
        time=time,
        time_proved=stamp.proved,
        algorithm=fit.algorithm,
        observations=once((*fit.observations, *user.observations, *seal.observations, *stamp.observations)),
    )


@dataclass(frozen=True)
class _Bound:
    """Whether a seal signature binds the description it lies beside."""

    integrity: Integrity
    algorithm: str = ""
    observations: tuple[Observation, ...] = ()


def _fit(sealed: SealSignature, sheet: Sheet) -> _Bound:
    digest = _matching(sealed, sheet.content)
    seen = [] if digest else [Observation("seal-content-differs", place=sheet.part)]
    if digest in WEAK:
        seen.append(Observation("seal-digest-weak", {"digest": digest}))
    if sealed.property.lstrip("/") != sheet.part:
        seen.append(Observation("ofd-property-differs"))
    try:
        fit = fits(sealed.signer.key, sealed.signature, lambda: (sealed.body,), sealed.algorithm)
    except InvalidInput as error:
        unknown = Integrity.NOT_CHECKED if digest else Integrity.INVALID
        return _Bound(unknown, observations=(*seen, Observation(error.code, error.params)))
    if not fit.held:
        seen.append(Observation("seal-signature-wrong"))
    held = Integrity.VALID if fit.held and digest else Integrity.INVALID
    return _Bound(held, fit.algorithm, (*seen, *fit.observations))


def _matching(sealed: SealSignature, content: bytes) -> str:
    """The digest by which the seal signature stands for `content`, "" where it stands for something else."""
    implied = DIGESTS.get(sealed.algorithm)
    for name in (implied,) if implied else ("sm3", "sha256", "sha1"):
        if hashlib.new(name, content, usedforsecurity=False).digest() == sealed.digest:
            return name
    return ""


def _worst(files: Integrity, signature: Integrity) -> Integrity:
    for each in (Integrity.INVALID, Integrity.NOT_CHECKED):
        if each in {files, signature}:
            return each
    return Integrity.VALID


def _unchecked(part: str, why: Observation) -> Signature:
    return Signature(Kind.OFD, part, Integrity.NOT_CHECKED, Coverage.UNCLEAR, Trust.NOT_CHECKED, observations=(why,))


def _integrity_list(container: Container) -> list[Signature]:
    """The integrity list of GM/T 0099-2020, which has a signature and no digests of the files it names."""
    if _INTEGRITY_LIST not in container:
        return []
    return [_unchecked(_INTEGRITY_LIST, Observation("ofd-integrity-list"))]
