"""How one kind of portal is asked and how its answers are read: data, one TOML file each in `dialects`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib import resources
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from archive.errors import InvalidInput
from ingest.connectors.http.source import Question

T = TypeVar("T")


@dataclass(frozen=True)
class ListRules:
    """How the list is asked for, and where in the answer its rows and their number lie (a path with dots).

    `walk` is `pages`, numbered from `first_page` on, `offset`, counted in rows from 0 on, or `newest`: no pages, only a
    number of newest rows. In the parameters `{page}`, `{offset}` and `{size}` stand for numbers.
    """

    ask: Literal["get", "form", "json"]
    path: str
    walk: Literal["pages", "offset", "newest"]
    rows: str
    parameters: Mapping[str, str]
    total: str = ""
    first_page: int = 1


@dataclass(frozen=True)
class RowRules:
    """Which fields of a row are what.

    `day` is the first date that says how old the row is; `content` lies beside the notice and is not remembered;
    `counters` change on every visit and say nothing about the document.
    """

    id: str
    published: tuple[str, ...]
    day: tuple[str, ...]
    revised: tuple[str, ...] = ()
    category: str = ""
    content: str = ""
    counters: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DetailRules:
    """Where the document itself is.

    An `answer` is a JSON object, asked for at `path` by `{id}`, the object at `at`; it says something where one of
    `says_something` does. A `page` is the notice as published, at the address that stands in the row's field `address`.
    `needs_row` means that the answer does not say what the row says; a page never does.
    """

    kind: Literal["answer", "page"]
    path: str = ""
    at: str = ""
    address: str = ""
    says_something: tuple[str, ...] = ()
    needs_row: bool = False


@dataclass(frozen=True)
class FieldRules:
    """Which field is what; where several are named, the first that says something. `links` in the notice are files."""

    title: str
    published: tuple[str, ...]
    region: tuple[str, ...]
    content: str = ""
    attachments: str = ""
    links: bool = False


@dataclass(frozen=True)
class AttachmentRules:
    """Which field of an announced attachment is what."""

    name: str = ""
    address: str = ""
    size: str = ""
    code: str = ""
    role: str = ""


@dataclass(frozen=True)
class Stretch:
    """A stretch of the list: the `number`-th of this size, from 0, or so many rows behind the first `offset`."""

    number: int
    offset: int
    size: int


@dataclass(frozen=True)
class Dialect:
    """One kind of portal. `hints` are texts and `hint_lists` texts or lists of texts, by our name for them."""

    name: str
    list: ListRules
    row: RowRules
    detail: DetailRules
    fields: FieldRules
    attachment: AttachmentRules = AttachmentRules()
    hints: Mapping[str, str] = field(default_factory=dict)
    hint_lists: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_row(self) -> bool:
        """Whether a document cannot be told from its own address alone."""
        return self.detail.needs_row or self.detail.kind == "page"

    def list_question(self, stretch: "Stretch", own: Mapping[str, object]) -> Question:
        """The question for a stretch of the list; `own` are the source's own parameters."""
        rules = self.list
        numbers = {"page": rules.first_page + stretch.number, "offset": stretch.offset, "size": stretch.size}
        asked: dict[str, object] = {name: _filled(value, numbers) for name, value in rules.parameters.items()}
        asked |= own
        if rules.ask == "json":
            return Question(rules.path, document=asked)
        texts = {name: str(value) for name, value in asked.items()}
        if rules.ask == "form":
            return Question(rules.path, form=texts)
        return Question(rules.path + "?" + "&".join(f"{name}={quote(text, safe='')}" for name, text in texts.items()))

    def detail_address(self, external_id: str, row: Mapping[str, object]) -> str:
        """Where the document is; "" where the row does not say."""
        if self.detail.kind == "page":
            address = row.get(self.detail.address)
            return address.strip() if isinstance(address, str) else ""
        return self.detail.path.replace("{id}", quote(external_id, safe=""))


def dialect_names() -> tuple[str, ...]:
    """The dialects there are."""
    folder = resources.files("ingest.connectors.portal") / "dialects"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def load_dialect(name: str) -> Dialect:
    """The dialect of this name.

    Raises:
        InvalidInput: there is none (`portal-dialect-unknown`).
    """
    known = dialect_names()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise InvalidInput("portal-dialect-unknown", dialect=name, known="、".join(known), near="".join(near))
    file = resources.files("ingest.connectors.portal") / "dialects" / f"{name}.toml"
    return read_dialect(name, tomllib.loads(file.read_text(encoding="utf-8")))


def read_dialect(name: str, told: Mapping[str, Any]) -> Dialect:
    """A dialect from what its file says.

    Raises:
        ValueError: the file says what is not understood; a mistake of whoever wrote it.
    """
    unknown = told.keys() - {entry.name for entry in fields(Dialect)}
    if unknown:
        raise ValueError(f"dialect {name}: {sorted(unknown)}")
    return Dialect(
        name,
        _read(ListRules, told["list"]),
        _read(RowRules, told["row"]),
        _read(DetailRules, told["detail"]),
        _read(FieldRules, told["fields"]),
        _read(AttachmentRules, told.get("attachment", {})),
        told.get("hints", {}),
        told.get("hint_lists", {}),
    )


def at(value: object, path: str) -> object:
    """What lies in an answer under a path with dots; None where there is nothing. The path "" is the answer itself."""
    for step in path.split(".") if path else ():
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _read(kind: type[T], told: Mapping[str, Any]) -> T:
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]  # always one of the dataclasses above
    if unknown := told.keys() - known:
        raise ValueError(f"{kind.__name__}: {sorted(unknown)}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    if "counters" in values:
        values["counters"] = frozenset(values["counters"])
    return kind(**values)


def _filled(text: str, numbers: Mapping[str, int]) -> object:
    """The number itself where a parameter is nothing else: JSON tells numbers from texts."""
    return numbers.get(text.strip("{}"), text) if text.startswith("{") else text
