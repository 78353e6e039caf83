"""Verifies a bundle with nothing but the bundle and a trust file, offline.

The chain: a key of the trust file signed the checkpoint; the checkpoint's root holds the entry `evidence.built`; that
entry holds the digests of the manifest; the manifest holds the digest of every other file and the leaf of every entry
in the ledger extract; the root holds those entries too; and they hold the digests that each captured file had when it
came in. The steps:

1. Read the trust file.
2. Tell whether the file is a bundle at all.
3. Read the container, within limits, and compare it with its one canonical spelling.
4. Read the manifest.
5. Verify the signature of the checkpoint: exactly one, by a key of the trust file.
6. Verify that the entry that vouches for the manifest is in the ledger at that checkpoint.
7. Compare the manifest with the digests in that entry.
8. Compare the files with the manifest: missing, added, changed, exchanged.
9. Compare the ledger extract with the manifest, and verify that each entry is in the ledger at that checkpoint, by
   proofs for these entries and no others.
10. Compare the digests of captured files with those that the ledger recorded at capture.

A step that cannot be done because something is missing is never silent: what is missing is a finding. No step stops
the others, so that one look tells everything that is wrong; only a limit that is exceeded ends the work at once. Bad
input never raises.

Standard library, `cryptography`, and the modules named in the import contract "verifier".
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from archive.evidence.codes import LIMITS, NOT_A_BUNDLE, finding
from archive.evidence.collecting import Content, Contents, collect
from archive.evidence.container import safe_name
from archive.evidence.documents import (
    BUILT_ENTRY,
    CHECKPOINT,
    EXTRACT,
    INCLUSION,
    MANIFEST,
    PAYLOAD,
    PROOFS,
    InclusionProofs,
    ListedFile,
    Malformed,
    Manifest,
    parse_built_entry,
    parse_inclusion,
    parse_manifest,
)
from archive.evidence.extract import Extract, read_extract
from archive.evidence.recognising import is_bundle
from archive.evidence.strict import Limits
from archive.ledger.canonical import NotCanonical
from archive.ledger.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    SignedCheckpoint,
    Verdict,
    examine,
    parse_note,
    trusted_lines,
)
from archive.ledger.merkle import leaf_hash, verify_inclusion
from archive.ledger.trust import Trust, TrustUnreadable, parse_trust
from archive.ledger.types import Finding, Severity
from archive.messages import Language

_SPOILT = {
    Verdict.OTHER_ORIGIN: "checkpoint.origin-wrong",
    Verdict.UNKNOWN_KEY: "checkpoint.key-unknown",
    Verdict.WRONG_SIGNATURE: "checkpoint.signature-wrong",
}


@dataclass(frozen=True)
class Report:
    """What was found. `valid` says that every step was done and none found an error."""

    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether the bundle proves what it holds."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)

    @property
    def is_bundle(self) -> bool:
        """Whether there was a bundle to look at, good or bad."""
        return all(finding.code not in NOT_A_BUNDLE for finding in self.findings)


def verify(path: Path, trust: Path | None, language: Language = "zh", limits: Limits | None = None) -> Report:
    """Examine the bundle at `path` under the trust file at `trust`; sentences in `language`. Never raises."""
    verification = _Verification(language, limits or Limits())
    verification.run(path, trust)
    return Report(tuple(verification.findings))


class _Verification:
    """One run. Every step notes what is wrong; a step that reads gives None where there is nothing to go on with."""

    def __init__(self, language: Language, limits: Limits) -> None:
        self._language = language
        self._limits = limits
        self.findings: list[Finding] = []

    def run(self, path: Path, trust_path: Path | None) -> None:
        trust = self._read_trust(trust_path)  # 1
        contents = self._open(path)  # 2, 3
        if contents is None:
            return
        for deviation in contents.deviations:
            self._note(deviation.code, deviation.path, **dict(deviation.numbers))
        if all(deviation.code not in LIMITS for deviation in contents.deviations):
            self._follow_chain(contents, trust)

    def _follow_chain(self, contents: Contents, trust: Trust | None) -> None:
        for name in PROOFS:
            if name not in contents.members:
                self._note("proof.missing", name)
        manifest = self._manifest(contents)  # 4
        checkpoint = self._checkpoint(contents, trust)  # 5
        proofs = _Proofs(self._inclusion(contents), checkpoint)
        built = self._vouched(contents, proofs)  # 6, 7
        if manifest is None:
            return
        extract = read_extract(_held(contents, EXTRACT) or b"", manifest.entries)
        self._files(contents, manifest)  # 8
        self._changed(contents, manifest, extract)
        if EXTRACT in contents.members:
            self._extract(extract)  # 9
        for entry in manifest.entries:
            self._included(entry.index, entry.leaf, proofs, f"{INCLUSION}#{entry.index}")
        if built is not None and proofs.inclusion is not None:
            listed = {built, *(entry.index for entry in manifest.entries)}
            for index in sorted(proofs.inclusion.paths.keys() - listed):
                self._note("proof.unexpected", f"{INCLUSION}#{index}", index=index)
        for file in manifest.files:  # 10
            if file.path.startswith(PAYLOAD) and not extract.recorded(file):
                self._note("record.digest-not-in-ledger", file.path, record=file.record)

    def _read_trust(self, path: Path | None) -> Trust | None:
        """Step 1."""
        try:
            if path is None or not path.is_file():
                self._note("trust.missing", "" if path is None else str(path))
                return None
            return parse_trust(path.read_bytes())
        except (OSError, TrustUnreadable):
            self._note("trust.unreadable", str(path))
            return None

    def _open(self, path: Path) -> Contents | None:
        """Steps 2 and 3."""
        try:
            # Without waiting: opening a pipe would never come back.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    self._note("bundle.unreadable", str(path))
                elif not is_bundle(file):
                    self._note("bundle.not-a-bundle", str(path))
                else:
                    return collect(file, self._limits)
        except (OSError, ValueError):
            self._note("bundle.unreadable", str(path))
        return None

    def _manifest(self, contents: Contents) -> Manifest | None:
        """Step 4."""
        if MANIFEST not in contents.members:
            self._note("manifest.missing", MANIFEST)
            return None
        try:
            return parse_manifest(_held(contents, MANIFEST) or b"")
        except NotCanonical:
            self._note("manifest.not-canonical", MANIFEST)
        except Malformed:
            self._note("manifest.malformed", MANIFEST)
        return None

    def _checkpoint(self, contents: Contents, trust: Trust | None) -> Checkpoint | None:
        """Step 5."""
        note = _held(contents, CHECKPOINT)
        if note is None:
            return None
        try:
            signed = parse_note(note)
        except NotACheckpoint:
            self._note("checkpoint.malformed", CHECKPOINT)
            return None
        verdict = Verdict.VALID if trust is None else examine(signed, trust)
        if trust is not None and verdict is not Verdict.VALID:
            self._note(_SPOILT[verdict], CHECKPOINT, origin=signed.checkpoint.origin, expected=trust.origin)
        elif trust is not None:
            self._signed_once(signed, trust)
        return signed.checkpoint

    def _signed_once(self, signed: SignedCheckpoint, trust: Trust) -> None:
        """Step 5: whatever nobody vouches for could be written into further signature lines."""
        trusted = trusted_lines(signed, trust)
        if trusted > 1:
            self._note("checkpoint.signature-repeated", CHECKPOINT, count=trusted)
        if trusted < len(signed.signatures):
            self._note("checkpoint.signature-unknown", CHECKPOINT, count=len(signed.signatures) - trusted)

    def _inclusion(self, contents: Contents) -> InclusionProofs | None:
        data = _held(contents, INCLUSION)
        if data is None:
            return None
        try:
            proofs = parse_inclusion(data)
        except (NotCanonical, Malformed):
            self._note("proof.malformed", INCLUSION)
            return None
        if not proofs.in_order:
            self._note("proof.not-in-order", INCLUSION)
        return proofs

    def _vouched(self, contents: Contents, proofs: "_Proofs") -> int | None:
        """Steps 6 and 7; the index of the entry that vouches, None where there is no such entry."""
        data = _held(contents, BUILT_ENTRY)
        if data is None:
            return None
        try:
            index, expected = parse_built_entry(data)
        except (NotCanonical, Malformed):
            self._note("proof.not-for-manifest", BUILT_ENTRY)
            return None
        self._included(index, leaf_hash(data), proofs, BUILT_ENTRY)
        manifest = contents.members.get(MANIFEST)
        if manifest is not None and not _agrees(manifest, expected):
            self._note("manifest.changed", MANIFEST)
        return index

    def _included(self, index: int, leaf: bytes, proofs: "_Proofs", path: str) -> None:
        """Steps 6 and 9, for one entry."""
        if proofs.inclusion is None or proofs.checkpoint is None:
            return
        proof = proofs.inclusion.paths.get(index)
        if proof is None:
            self._note("proof.missing", f"{INCLUSION}#{index}")
            return
        size, root = proofs.checkpoint.size, proofs.checkpoint.root
        if proofs.inclusion.size != size or not verify_inclusion(index, size, leaf, proof, root):
            self._note("proof.inclusion-wrong", path, index=index)

    def _files(self, contents: Contents, manifest: Manifest) -> None:
        """Step 8, names."""
        names = manifest.names()
        known = set(names)
        for name in contents.members:
            # An unsafe name has been noted as that, and no manifest can list it.
            if name not in known and safe_name(name):
                self._note("file.unexpected", name)
        for file in manifest.files:
            if file.path not in contents.members:
                self._note("file.missing", file.path)
        present = [name for name in contents.members if name in known]
        if contents.in_order and present != [name for name in names if name in contents.members]:
            self._note("container.order-wrong", "")

    def _changed(self, contents: Contents, manifest: Manifest, extract: Extract) -> None:
        """Step 8, contents."""
        changed = [
            file
            for file in manifest.files
            if file.path in contents.members and not _agrees(contents.members[file.path], _expected(file))
        ]
        owners = {file.sha256: file.path for file in changed}
        for file in changed:
            owner = owners.get(contents.members[file.path].digests.sha256)
            if owner is not None:
                self._note("file.swapped", file.path, other=owner)
            elif file.path != EXTRACT or extract.agrees:
                # Where the extract itself tells what is wrong with it, that says more than "changed".
                self._note("file.changed", file.path)
        if any(content.digests.sm3 is None for content in contents.members.values()):
            self._note("digest.sm3-unavailable", "")

    def _extract(self, extract: Extract) -> None:
        """Step 9, the lines."""
        for index in extract.missing:
            self._note("ledger.extract-cut", f"{EXTRACT}#{index}", index=index)
        for index in extract.changed:
            self._note("ledger.entry-changed", f"{EXTRACT}#{index}", index=index)
        for line in extract.extra:
            self._note("ledger.extract-extra", EXTRACT, line=line)

    def _note(self, code: str, path: str, **params: object) -> None:
        self.findings.append(finding(code, path, self._language, **params))


@dataclass(frozen=True)
class _Proofs:
    """What entries are measured by; None where it could not be read, which has been noted then."""

    inclusion: InclusionProofs | None
    checkpoint: Checkpoint | None


def _held(contents: Contents, name: str) -> bytes | None:
    content = contents.members.get(name)
    return None if content is None or content.held is None else bytes(content.held)


def _expected(file: ListedFile) -> tuple[int, str, str]:
    return file.size, file.sha256, file.sm3


def _agrees(content: Content, expected: tuple[int, str, str]) -> bool:
    size, sha256, sm3 = expected
    digests = content.digests
    return (digests.size, digests.sha256) == (size, sha256) and digests.sm3 in {sm3, None}
