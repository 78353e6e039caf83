"""What a stand-in platform is asked to be: how many projects, from which seed, with which troubles."""

from dataclasses import dataclass, field, fields
from datetime import date

Which = float | frozenset[str]
"""Which items a fault befalls: a share of those it can befall, from 0 to 1 (any share above 0 hits at least one), or
the identifiers of the items."""


@dataclass(frozen=True)
class Faults:
    """The troubles of a source. Each field names a fault and says whom it befalls.

    Faults given as shares fall on different items, so that one item shows one trouble.

    Attributes:
        late: shows up some days after its publication date says, deep in the list.
        twice: listed twice.
        out_of_order: listed further down than its date says.
        edited: its text changes some days after publication, without a notice of change.
        withdrawn: gone from the list some days after publication; detail answers 410.
        truncated_attachment: the first attachment ends after a third of its bytes.
        empty_attachment: the first attachment has no bytes.
        lying_zip: the first DOCX, XLSX or OFD understates in its ZIP headers how large a member is.
        wrong_encoding: the detail answer is GB18030 while its header says UTF-8.
        byte_order_mark: the detail answer begins with a byte order mark.
        long_title: the title has 10,000 characters.
        flaky: the detail answers 502 the first `flaky_times` times.
        slow: the detail takes `slow_seconds`.
        half_answer: the connection is cut in the middle of the detail answer, the first `half_answer_times` times.
        refused_requests: the first so many requests to the server, of any kind, answer 503.
    """

    late: Which = 0.0
    twice: Which = 0.0
    out_of_order: Which = 0.0
    edited: Which = 0.0
    withdrawn: Which = 0.0
    truncated_attachment: Which = 0.0
    empty_attachment: Which = 0.0
    lying_zip: Which = 0.0
    wrong_encoding: Which = 0.0
    byte_order_mark: Which = 0.0
    long_title: Which = 0.0
    flaky: Which = 0.0
    slow: Which = 0.0
    half_answer: Which = 0.0
    flaky_times: int = 2
    slow_seconds: float = 0.3
    half_answer_times: int = 1
    refused_requests: int = 0

    @classmethod
    def demo(cls) -> "Faults":
        """A handful of each trouble, so that a demonstration shows items returned, waiting and changed."""
        return cls(
            late=0.02,
            twice=0.02,
            out_of_order=0.02,
            edited=0.02,
            withdrawn=0.01,
            truncated_attachment=0.01,
            empty_attachment=0.01,
            lying_zip=0.01,
            wrong_encoding=0.01,
            byte_order_mark=0.01,
            long_title=0.005,
            flaky=0.01,
            slow=0.01,
            half_answer=0.01,
        )

    def chosen(self) -> dict[str, Which]:
        """The faults that befall single items, by name."""
        names = [entry.name for entry in fields(self) if entry.name not in _SETTINGS]
        return {name: getattr(self, name) for name in names}


_SETTINGS = frozenset({"flaky_times", "slow_seconds", "half_answer_times", "refused_requests"})


@dataclass(frozen=True)
class Scenario:
    """Everything that determines a platform, byte for byte.

    `opening` is the day the platform stands at when it is built. When None, everything regular is already published,
    and what comes late, is edited or withdrawn does so in the days after.
    """

    seed: int
    projects: int
    faults: Faults = field(default_factory=Faults)
    opening: date | None = None

    @classmethod
    def demo(cls, seed: int, projects: int) -> "Scenario":
        """A scenario with some of every trouble."""
        return cls(seed, projects, Faults.demo())
