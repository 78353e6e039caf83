"""What is remembered of a portal's document, as the text that intake keeps for us."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

_MOST_ROW = 8_000
"""Characters of a row that are remembered; what is longer is looked for in the list again."""


@dataclass(frozen=True)
class Trace:
    """What a document looked like when it was last asked for.

    `mark` is what its row looked like, `etag` and `modified` what a conditional request says, `digest` what its page
    looked like. `address` is where it lies and `row` what its row said, each only where the id alone does not say it.
    """

    mark: str
    etag: str = ""
    modified: str = ""
    address: str = ""
    digest: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, fingerprint: str) -> Self:
        """What a fingerprint says. One that another version of us wrote says as much as can be made out."""
        mark, _, rest = fingerprint.partition(":")
        if not rest.startswith("["):
            return cls(mark, rest)
        try:
            etag, modified, address, digest, row = json.loads(rest)
        except ValueError:
            return cls(mark)
        return cls(mark, etag, modified, address, digest, row)

    def written(self) -> str:
        """What is kept of it: a fingerprint."""
        if not (self.modified or self.address or self.digest or self.row):
            return f"{self.mark}:{self.etag}"
        parts = [self.etag, self.modified, self.address, self.digest, self.row]
        return f"{self.mark}:{json.dumps(parts, separators=(',', ':'))}"

    def forgotten(self) -> Self:
        """The same without what makes a request conditional: the document is wanted whole."""
        return replace(self, etag="", modified="", digest="")

    def with_row(self, row: Mapping[str, Any], content: str) -> Self:
        """The same with what its row says, `content` left out."""
        kept = {name: value for name, value in row.items() if name != content}
        fits = len(json.dumps(kept)) <= _MOST_ROW
        return replace(self, row=kept) if fits else self
