"""What a signature of an OFD file covers: the digests of the files it refers to, and the files it leaves out."""

import hashlib
from collections.abc import Iterator, Sequence

from archive.errors import InvalidInput
from ingest.formats.containers import Container
from ingest.outcomes import Observation
from ingest.signatures.ofd_sheets import MOST_REFERENCES, Reference, Sheet
from ingest.signatures.public_keys import DIGESTS, WEAK
from ingest.signatures.types import Coverage, Integrity

_MOST_NAMED = 100
_NAMES = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512", "SM3": "sm3"}


class Digests:
    """Digests of the parts of a container, each computed once however many signatures refer to it.

    `references` bounds how many references are compared in one file.
    """

    def __init__(self, container: Container, references: int = MOST_REFERENCES) -> None:
        self._container = container
        self._known: dict[tuple[str, str], bytes] = {}
        self._left = references

    def compare(self, sheet: Sheet) -> tuple[Integrity, tuple[Observation, ...]]:
        """Whether the files that `sheet` refers to still have the digests that were signed.

        Raises:
            InvalidInput: `ofd-references-too-many`.
        """
        name = digest_name(sheet.method)
        if not name:
            return Integrity.NOT_CHECKED, (Observation("seal-digest-unknown", {"digest": sheet.method[:100]}),)
        self._left -= len(sheet.references)
        if self._left < 0:
            raise InvalidInput("ofd-references-too-many", limit=MOST_REFERENCES)
        if not sheet.references:
            return Integrity.NOT_CHECKED, (Observation("ofd-nothing-signed"),)
        weak = [Observation("seal-digest-weak", {"digest": name})] if name in WEAK else []
        seen = [found for each in sheet.references if (found := self._differs(each, name)) is not None]
        integrity = Integrity.VALID
        if any(each.code in {"ofd-file-changed", "ofd-file-missing"} for each in seen):
            integrity = Integrity.INVALID
        elif seen:
            integrity = Integrity.NOT_CHECKED
        return integrity, (*weak, *seen[:_MOST_NAMED])

    def _differs(self, reference: Reference, name: str) -> Observation | None:
        """What is wrong with one file, None where it has the digest that was signed."""
        if reference.part not in self._container:
            return Observation("ofd-file-missing", place=reference.part[:500])
        try:
            actual = self._digest(reference.part, name)
        except InvalidInput as error:
            return Observation(error.code, error.params, reference.part)
        return None if actual == reference.digest else Observation("ofd-file-changed", place=reference.part)

    def _digest(self, part: str, name: str) -> bytes:
        if (part, name) not in self._known:
            hashed = hashlib.new(name, usedforsecurity=False)
            for piece in self._container.chunks(part):
                hashed.update(piece)
            self._known[part, name] = hashed.digest()
        return self._known[part, name]


def digest_name(method: str) -> str:
    """The digest that a file names by a word or by an object identifier, "" where it is none we know."""
    return DIGESTS.get(method, _NAMES.get(method.upper().replace("-", ""), ""))


def coverage(
    container: Container, sheet: Sheet, others: Sequence[Sheet], excused: frozenset[str], machinery: frozenset[str]
) -> tuple[Coverage, tuple[Observation, ...]]:
    """How much of the container `sheet` covers.

    `excused` are parts that no signature can cover, or need not: the signature itself and the lists of signatures
    (18.1). `machinery` is what other signatures are made of, which may come later than this one: then it covers what
    was there before.
    """
    covered = {each.part for each in sheet.references}
    bare = [part for part in container.entries if part not in covered and part not in excused]
    left_out = [part for part in bare if part not in machinery]
    elsewhere = {each.part for other in others for each in other.references}
    if left_out:
        return Coverage.PARTIAL, tuple(_named(left_out, elsewhere))
    if bare:
        return Coverage.ENTIRE_REVISION, (Observation("ofd-signed-later"),)
    return Coverage.ENTIRE_FILE, ()


def _named(left_out: Sequence[str], elsewhere: set[str]) -> Iterator[Observation]:
    for part in left_out[:_MOST_NAMED]:
        yield Observation("ofd-covered-by-other" if part in elsewhere else "ofd-not-covered", place=part)
    if len(left_out) > _MOST_NAMED:
        yield Observation("ofd-more-not-covered", {"count": len(left_out) - _MOST_NAMED})
