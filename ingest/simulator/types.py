"""What the stand-in platform holds: items with their attachments, and the truth about them that tests compare with."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from ingest.simulator.documents.model import Block, Rows, compose

Pushed = Literal["everything", "codes", "nothing"]


@dataclass(frozen=True)
class Attachment:
    """A file of an item. Its bytes are made on request and are the same each time.

    `role`: main (the document itself), signed (its sealed twin), attachment, recording. `code`: FILE_EN_NAME or None.
    """

    name: str
    role: str
    code: str | None
    content: Callable[[], bytes] = field(repr=False, compare=False)

    @cached_property
    def _measured(self) -> tuple[int, str]:
        data = self.content()
        return len(data), hashlib.sha256(data).hexdigest()

    @property
    def size(self) -> int:
        """Bytes."""
        return self._measured[0]

    @property
    def sha256(self) -> str:
        """Lower-case hexadecimal digest of the undamaged bytes."""
        return self._measured[1]


@dataclass(frozen=True)
class Passage:
    """A text of `wording` with the values of one project, put into blocks on request."""

    template: str
    values: Mapping[str, str] = field(repr=False)
    rows: Rows = field(repr=False)
    fragments: Mapping[str, str] = field(repr=False)

    def blocks(self) -> tuple[Block, ...]:
        """The filled passage."""
        return compose(self.template, self.values, self.rows, self.fragments)


@dataclass(frozen=True)
class Item:
    """A notice of the portal, or files that the trading system delivers for archiving.

    The portal never shows `class_code`, `kind`, `outcome`, `round`, `round_outcome`, `public`: they are the truth to
    measure against. `pushed` says how much of the trading metadata the portal gives with the item.
    """

    infoid: str
    title: str
    published: datetime
    category: str
    category_name: str
    region_code: str
    region_name: str
    trade_type: str
    class_code: str
    kind: str
    outcome: str
    round: int
    round_outcome: str
    public: bool
    project_name: str
    project_code: str
    tender_project_code: str
    section_codes: tuple[str, ...]
    section_names: tuple[str, ...]
    unified_deal_code: str
    data_no: str | None
    pushed: Pushed
    attachments: tuple[Attachment, ...]
    passage: Passage = field(repr=False, compare=False)
