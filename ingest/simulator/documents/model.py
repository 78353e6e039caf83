"""One document, whatever the format it is written in: a title over headings, paragraphs and tables."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A line over a part of the document."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; `right` for signatures and dates."""

    text: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells; rows may differ in length, as they do in real notices."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Table


@dataclass(frozen=True)
class Document:
    """What a format writes. `stamp` is the time the file claims to have been made, `yyyyMMddHHmmss`."""

    title: str
    blocks: tuple[Block, ...]
    stamp: str
    author: str

    def lines(self) -> list[str]:
        """The text line by line, the cells of a row set apart by tabs."""
        lines = [self.title]
        for block in self.blocks:
            if isinstance(block, Table):
                lines.extend("\t".join(row) for row in block.rows)
            else:
                lines.append(block.text)
        return lines


Rows = Mapping[str, tuple[Mapping[str, str], ...]]


def compose(template: str, values: Mapping[str, str], rows: Rows, fragments: Mapping[str, str]) -> tuple[Block, ...]:
    """Fill a passage of `wording` (marks: see `common.toml`) with the values and rows of one project.

    Raises:
        KeyError: the passage names a value, a list or a fragment that does not exist.
    """
    blocks: list[Block] = []
    table: list[tuple[str, ...]] = []
    for line in _expand(template, fragments):
        if line.startswith(("|", "*")):
            table.extend(_cells(line, values, rows))
            continue
        if table:
            blocks.append(Table(tuple(table)))
            table = []
        text = line.format_map(values)
        if text.startswith("# "):
            blocks.append(Heading(text[2:]))
        elif text.startswith("> "):
            blocks.append(Paragraph(text[2:], right=True))
        else:
            blocks.append(Paragraph(text))
    if table:
        blocks.append(Table(tuple(table)))
    return tuple(blocks)


def _expand(template: str, fragments: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for line in template.strip().splitlines():
        if line.startswith("%"):
            lines.extend(_expand(fragments[line[1:]], fragments))
        elif line:
            lines.append(line)
    return lines


def _cells(line: str, values: Mapping[str, str], rows: Rows) -> list[tuple[str, ...]]:
    head, bar, rest = line.partition("|")
    pattern = (bar + rest).strip().strip("|").split("|")
    each = rows[head[1:].strip()] if head else ({},)
    return [tuple(cell.strip().format_map({**values, **row}) for cell in pattern) for row in each]
