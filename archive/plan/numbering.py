"""Reference codes (档号) from a template that is data: ordered segments, written and read by one description."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archive.errors import InvalidInput


@dataclass(frozen=True)
class Segment:
    """One part of a reference code.

    `source` names the value that fills it, or is `text` for a constant. `sep` stands before the segment. A `width`
    above 0 pads the value on the left with `pad`; a value that outgrows its width is refused, never cut.
    """

    source: str
    regex: str
    sep: str = ""
    text: str = ""
    width: int = 0
    pad: str = "0"

    def render(self, values: Mapping[str, str | int]) -> str:
        """The separator and the value as they stand in the code.

        Raises:
            InvalidInput: the value is missing or does not fit the segment.
        """
        if self.source == "text":
            return self.sep + self.text
        if self.source not in values:
            raise InvalidInput("plan-number-value-missing", segment=self.source)
        value = str(values[self.source])
        if self.width:
            value = value.rjust(self.width, self.pad)
        if not re.fullmatch(self.regex, value):
            raise InvalidInput("plan-number-value", segment=self.source, value=value, regex=self.regex)
        return self.sep + value

    def pattern(self) -> str:
        """The segment as a regular expression, named after its source unless it is a constant."""
        if self.source == "text":
            return re.escape(self.sep + self.text)
        return f"{re.escape(self.sep)}(?P<{self.source}>{self.regex})"


@dataclass(frozen=True)
class NumberTemplate:
    """How a volume and its items are numbered (STANDARDS B1; DA/T 13-2022 elements, arrangement proposed by us).

    Running numbers are given out by whoever allocates them in one transaction; a template only writes and reads.
    """

    volume: tuple[Segment, ...]
    item: tuple[Segment, ...]

    def volume_code(self, values: Mapping[str, str | int]) -> str:
        """The code of a volume, such as `Z001-ZY·A·370100-2025-D30-00001`.

        Raises:
            InvalidInput: a value is missing or does not fit its segment.
        """
        return "".join(segment.render(values) for segment in self.volume)

    def item_code(self, volume_code: str, item: int) -> str:
        """The code of the item with running number `item` (from 1) inside a volume.

        Raises:
            InvalidInput: `volume_code` is no code of this template, or the number does not fit.
        """
        self.parse(volume_code)
        return volume_code + "".join(segment.render({"item": item}) for segment in self.item)

    def pattern(self) -> re.Pattern[str]:
        """Matches a whole volume code or a whole item code; groups are named after the sources, `item` may be None."""
        return self._pattern

    def parse(self, code: str) -> dict[str, str]:
        """The values a code was made from, as written there; `item` only when the code names an item.

        Raises:
            InvalidInput: the text is no code of this template.
        """
        match = self._pattern.fullmatch(code)
        if match is None:
            raise InvalidInput("plan-number-malformed", reference_code=code)
        return {name: value for name, value in match.groupdict().items() if value is not None}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        volume = "".join(segment.pattern() for segment in self.volume)
        item = "".join(segment.pattern() for segment in self.item)
        return re.compile(f"{volume}(?:{item})?")
