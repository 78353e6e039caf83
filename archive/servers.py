"""What a server says of itself, in the words of whoever runs the archive: version, abilities, what it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from archive.messages import Language, render


@dataclass(frozen=True)
class Lack:
    """Something a server does not do, as a code of the catalogue, whose sentence says what that costs.

    `fatal` says that the archive should not run on it.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    fatal: bool = False

    def sentence(self, language: Language = "zh") -> str:
        """What is missing, what it costs, what to do."""
        return render(self.code, dict(self.params), language)


@dataclass(frozen=True)
class Described:
    """A server that answered. `place` is its address without names and passwords, `version` "" where it keeps quiet."""

    place: str
    version: str
    abilities: tuple[str, ...] = ()
    lacks: tuple[Lack, ...] = ()
