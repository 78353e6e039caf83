"""Projects, bid sections and volumes, as values."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class VolumeState(StrEnum):
    """Where a volume stands. An incomplete one has ended but lacks required documents (应归未归)."""

    OPEN = "open"
    INCOMPLETE = "incomplete"
    CLOSED = "closed"


@dataclass(frozen=True)
class Joining:
    """What tells which project and bid section a record belongs to.

    `keys` name the project, most trusted first (`code:…`, `deal:…`, `name:…`); records that share a key share the
    project. `section` is "" where the record speaks of the whole project.
    """

    keys: tuple[str, ...]
    project_name: str
    project_code: str | None
    deal_code: str | None
    section: str
    section_name: str


@dataclass(frozen=True)
class Project:
    """A procurement, a transfer or whatever else is traded as one.

    `name` is what the first record calls it, and may come from one that is closed; `public_name` is what the first
    record for the public calls it, None while there is none.
    """

    id: str
    name: str
    code: str | None
    deal_code: str | None
    trade_type: str
    fonds: str
    region: str
    created_at: datetime
    public_name: str | None = None

    @property
    def shown_name(self) -> str:
        """What the public may call it: its public name or else its code, "" where there is neither."""
        return self.public_name or self.code or ""


@dataclass(frozen=True)
class Volume:
    """All records of one bid section (一标段一卷), or of the project as a whole where none is named.

    `number` and `reference_code` are given at closing and never again; `outcome`, `ended_on` and `retention` too.
    """

    id: str
    project_id: str
    section: str
    section_name: str
    state: VolumeState
    outcome: str | None
    ended_on: date | None
    number: int | None
    reference_code: str | None
    retention: str | None
    item_count: int
    missing: tuple[str, ...]
    declared: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
