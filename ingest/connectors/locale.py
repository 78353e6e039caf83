"""How the words of a source are read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo


@dataclass(frozen=True)
class Locale:
    """`zone` is for times without one, `region_of` goes from a region's name or code to six digits."""

    zone: tzinfo
    region_of: Callable[[str], str]
