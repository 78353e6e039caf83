"""A message, judged by the tables: every field that is wrong is named, not only the first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from hashlib import sha256
from typing import Final

from archive.errors import InvalidInput
from ingest.push.codes import is_code, is_placeholder, judge_codes
from ingest.push.files import relative_path
from ingest.push.formats import judge_format
from ingest.push.tables import Tables
from ingest.push.types import (
    GENERAL,
    Choices,
    Constraint,
    DataSet,
    Field,
    FileReference,
    Judged,
    Message,
    Operation,
    Problem,
)

_LONGEST_KEY: Final = 200
_MOST_FILES: Final = 1_000
_MOST_SHOWN: Final = 64


def judge(message: Message, tables: Tables, zone: tzinfo) -> Judged:
    """What a message holds under its data set, and everything that is to be said of it.

    Raises:
        InvalidInput: there is no such data set (`push-data-set-unknown`).
    """
    data_set = tables.data_set(message.number, message.table)
    if data_set is None:
        raise InvalidInput("push-data-set-unknown", number=(message.number or message.table)[:_MOST_SHOWN])
    values, problems = _read(message, data_set, tables)
    operation = _operation(message)
    key = message.key if message.number else _own_key(data_set, values, tables)
    problems += _of_the_whole(message, data_set, key, operation)
    problems += _of_the_fields(data_set, values, tables, zone)
    if operation is not Operation.DELETE:
        problems += _missing(data_set, values)
    files, more = _files(message.files)
    return Judged(data_set, key, operation or Operation.CHANGE, values, files, (*problems, *more))


def key_fields(data_set: DataSet) -> list[Field]:
    """The fields of the natural key that the data set has; for a list of codes its name ends with S."""
    wanted = {name for names in data_set.key for one in names for name in (one, f"{one}S")}
    return [field for field in data_set.fields if field.name in wanted]


def natural_key(data_set: DataSet, values: Mapping[str, str]) -> str:
    """The values of the natural key, joined."""
    return "+".join(values[field.name] for field in key_fields(data_set) if field.name in values)


def _own_key(data_set: DataSet, values: Mapping[str, str], tables: Tables) -> str:
    """A key for a message that brings none.

    The natural key alone does not tell the bidders of one section apart, nor two notices of one project: what tells
    members of a list and notices apart is part of it.
    """
    natural = natural_key(data_set, values)
    own = {field.name for field in key_fields(data_set)}
    members = [values[name] for name in tables.roles["member"] if name in values and name not in own]
    if not members:
        return natural
    return f"{natural}+{sha256(chr(0).join(members).encode()).hexdigest()[:16]}".lstrip("+")


def _read(message: Message, data_set: DataSet, tables: Tables) -> tuple[dict[str, str], list[Problem]]:
    values: dict[str, str] = {}
    problems: list[Problem] = []
    seen: Counter[str] = Counter()
    for written, value in message.given:
        if not data_set.fields:
            values.setdefault(written, value)
            continue
        shown = written[:_MOST_SHOWN]
        seen[written] += 1
        field = tables.field(data_set, written, seen[written])
        if field is None and tables.field(data_set, written, 1) is None:
            problems.append(Problem(shown, "", Constraint.UNKNOWN, "push-field-unknown", refuses=False))
        elif field is None or field.name in values:
            problems.append(Problem(shown, "", Constraint.REPEATED, "push-field-repeated"))
        elif value:
            values[field.name] = value
    return values, problems


def _operation(message: Message) -> Operation | None:
    try:
        return Operation(message.operation)
    except ValueError:
        return None


def _of_the_whole(message: Message, data_set: DataSet, key: str, operation: Operation | None) -> Iterator[Problem]:
    if not key or len(key) > _LONGEST_KEY:
        yield Problem("DATA_KEY", "数据主键", Constraint.KEY, "push-key-missing", {"most": _LONGEST_KEY})
    if operation is None:
        yield Problem("DATA_TYPE", "数据操作类型", Constraint.CHOICE, "push-operation")
    if message.cleaned:
        yield Problem(GENERAL, "", Constraint.FORM, "push-characters", refuses=False)
    if not data_set.fields:
        yield Problem(GENERAL, data_set.name_cn, Constraint.FORM, "push-without-fields", refuses=False)


def _of_the_fields(data_set: DataSet, values: Mapping[str, str], tables: Tables, zone: tzinfo) -> Iterator[Problem]:
    for field in data_set.fields:
        value = values.get(field.name)
        if value is None:
            continue
        if is_code(field) and is_placeholder(value):
            yield Problem(field.written, field.name_cn, Constraint.CODE, "push-placeholder", refuses=False)
            continue
        choices = tables.choice(data_set, field)
        chosen = _choice(field, value, choices) if choices else None
        if chosen is not None:
            yield chosen
        if chosen is None or chosen.code == "push-choice-unusual":
            found = judge_format(field, value, zone) or judge_codes(field, value)
            if found is not None:
                yield found


def _choice(field: Field, value: str, choices: Choices) -> Problem | None:
    if value in choices.names:
        return None
    if value in choices.names.values():
        # Senders write the meaning where the code should stand, such as 万元; it is kept as it was given.
        return Problem(field.written, field.name_cn, Constraint.CHOICE, "push-choice-in-words", refuses=False)
    params = {"known": "、".join(f"{code} {name}" for code, name in choices.names.items())}
    if choices.strict:
        return Problem(field.written, field.name_cn, Constraint.CHOICE, "push-choice", params)
    return Problem(field.written, field.name_cn, Constraint.CHOICE, "push-choice-unusual", params, refuses=False)


def _missing(data_set: DataSet, values: Mapping[str, str]) -> Iterator[Problem]:
    for field in data_set.fields:
        if field.required and field.name not in values:
            yield Problem(field.written, field.name_cn, Constraint.REQUIRED, "push-field-missing")


def _files(given: tuple[FileReference, ...]) -> tuple[tuple[FileReference, ...], list[Problem]]:
    """The files that belong to the message now, each with a safe path, and what is wrong with the others."""
    files: list[FileReference] = []
    problems: list[Problem] = []
    if len(given) > _MOST_FILES:
        return (), [Problem("FILECONTEXT", "附件", Constraint.FILE, "push-files-many", {"most": _MOST_FILES})]
    for file in given:
        if file.dropped:
            continue
        path = relative_path(file.path)
        if path is None:
            problems.append(Problem("BINARY_CONTENT", "附件路径", Constraint.FILE, "push-file-path"))
        else:
            files.append(FileReference(file.code, file.name or path.rpartition("/")[2], path))
    return tuple(files), problems
