"""What is pushed, and what it is judged by. Values only."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from archive.messages import Language, render

GENERAL: Final = ""
"""The field of a problem that lies with the message as a whole."""


class Constraint(StrEnum):
    """What a message must keep to; the answer to a sender names it beside the field."""

    KEY = "key"
    REQUIRED = "required"
    LENGTH = "length"
    NUMBER = "number"
    MOMENT = "date"
    CHOICE = "enum"
    CODE = "code"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    FORM = "form"
    FILE = "file"


class Operation(StrEnum):
    """DATA_TYPE: what a message does to its document."""

    ADD = "1"
    CHANGE = "2"
    DELETE = "3"


class Shape(StrEnum):
    """How an envelope is written: the general one as XML or as JSON, or the data set's own table as XML."""

    GENERAL_XML = "xml"
    GENERAL_JSON = "json"
    TABLE_XML = "table"


class MessageState(StrEnum):
    """Where a message stands.

    `received` waits for its turn, `held` for a parent or a file, `joined` is a record, `withdrawn` has taken one back,
    `superseded` was older than what is there, `refused` cannot be taken in.
    """

    RECEIVED = "received"
    HELD = "held"
    JOINED = "joined"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class FormatKind(StrEnum):
    """What a field holds; `any` is not checked."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    ANY = "any"


@dataclass(frozen=True)
class Format:
    """The format of a field as the field table writes it, taken apart.

    `most` is in characters or digits, None without limit; `exact` demands just as many. `decimals` is how many of the
    digits may stand behind the point, `pattern` how a moment is written, for `strptime`.
    """

    written: str
    kind: FormatKind
    most: int | None = None
    exact: bool = False
    decimals: int = 0
    pattern: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a data set.

    The table names a field twice where it means two: `name` is then the second's right name, `written` what stands in
    the table and `occurrence` which of the two it is. `public` is true only of what is stated to be 社会公开.
    """

    name: str
    written: str
    occurrence: int
    name_cn: str
    format: Format
    required: bool
    public: bool


@dataclass(frozen=True)
class Parent:
    """A document that must be there first: of the data set `number`, whose field `field` says what our `own` says."""

    number: str
    own: str
    field: str


@dataclass(frozen=True)
class Choices:
    """A small code list: names by code. What is not in it is refused where `strict`, else only remarked on."""

    names: Mapping[str, str]
    strict: bool


@dataclass(frozen=True)
class DataSet:
    """One data set of the specification. `key` are its natural key's parts, each with the names it may have.

    `known_by` is the field by which children refer to its documents, "" where none do. Without `fields` the
    specification that we have says nothing of its content: whatever comes is kept, unchecked.
    """

    number: str
    table: str
    name_cn: str
    key: tuple[tuple[str, ...], ...]
    fields: tuple[Field, ...]
    parents: tuple[Parent, ...]
    known_by: str

    @property
    def public(self) -> bool:
        """Whether anything of it is disclosed to society."""
        return any(one.public for one in self.fields)


@dataclass(frozen=True)
class FileReference:
    """An attachment that a message refers to: `code` is its FILE_EN_NAME, `path` lies below the sender's own folder."""

    code: str
    name: str
    path: str
    dropped: bool = False


@dataclass(frozen=True)
class Message:
    """An envelope, read. `given` are the fields as they were written, in order; `table` where it names its data set so.

    `cleaned` says that characters which no text may hold were replaced in what was read; the envelope keeps them.
    """

    number: str
    table: str
    key: str
    operation: str
    given: tuple[tuple[str, str], ...]
    files: tuple[FileReference, ...]
    cleaned: bool = False


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a message, named by the sender's own word for the field. Never holds a value."""

    field: str
    name_cn: str
    constraint: Constraint
    code: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)
    refuses: bool = True

    def sentence(self, language: Language = "zh") -> str:
        """The problem in words."""
        return render(self.code, {"field": self.field, "name": self.name_cn} | dict(self.params), language)


@dataclass(frozen=True)
class Judged:
    """A message under its data set: `values` by the data set's own names of fields, and everything to be said of it."""

    data_set: DataSet
    key: str
    operation: Operation
    values: Mapping[str, str]
    files: tuple[FileReference, ...]
    problems: tuple[Problem, ...]

    @property
    def refusing(self) -> tuple[Problem, ...]:
        """The problems for which the message cannot be taken."""
        return tuple(problem for problem in self.problems if problem.refuses)


@dataclass(frozen=True)
class Pushed:
    """A message as it is remembered.

    `document` tells its document and `place` its turn among the document's messages. `known_as` is what children wait
    for, `facts` what they take over. `received_at` is by our clock, `sent_at` and `stamp` by the sender's.
    """

    id: str
    source: str
    data_no: str
    data_key: str
    external_id: str
    document: str
    place: int
    operation: Operation
    shape: Shape
    natural_key: str
    sha256: str
    state: MessageState
    received_at: datetime
    sent_at: datetime | None
    stamp: datetime | None
    known_as: str
    waiting_for: str
    reason: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Answer:
    """What the sender is told. `again` says that the very same message had been received before."""

    state: MessageState
    data_no: str
    key: str
    problems: tuple[Problem, ...] = ()
    again: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the message is durable with us."""
        return self.state is not MessageState.REFUSED

    def sentences(self, language: Language = "zh") -> list[str]:
        """Why it was refused, one sentence for each field."""
        return [problem.sentence(language) for problem in self.problems if problem.refuses]
