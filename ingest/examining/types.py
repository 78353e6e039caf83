"""What an examination of one file gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from classifiers.noticing import Noticed
from ingest.extractors.reading import Problem, Reading
from ingest.formats.inspection import Aspect, Inspection
from ingest.signatures.types import Signatures


class Stage(StrEnum):
    """The stages of an examination, in their order. A stage that breaks does not take the others with it."""

    IDENTIFY = "identify"
    READ = "read"
    INSPECT = "inspect"
    SIGNATURES = "signatures"
    NOTICE = "notice"


@dataclass(frozen=True)
class Examination:
    """Everything found out about one file.

    `inspections` are empty for a format that nothing here looks into. `signatures` is None where the stage could not be
    gone through. `problems` says why of every stage that broke or was not reached; for reading, the reading itself
    says it. `noticed` is what personal or secret content the text shows, never the content itself.
    """

    reading: Reading
    inspections: tuple[Inspection, ...] = ()
    signatures: Signatures | None = None
    noticed: tuple[Noticed, ...] = ()
    problems: Mapping[Stage, Problem] = field(default_factory=dict)

    def inspection(self, aspect: Aspect) -> Inspection | None:
        """What was found under `aspect`, None where nothing looked."""
        return next((each for each in self.inspections if each.aspect is aspect), None)
