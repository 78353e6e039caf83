"""What a connector is, and what it hands over: well described, well formed, whole."""

import re
from dataclasses import replace
from typing import Final, get_args

from archive.errors import InvalidInput
from archive.records.types import ComponentRole
from ingest.connectors.contract.bench import Bench, Check
from ingest.connectors.contract.types import Noted, NotedFile, Outcome, Seen, failed, not_checked, passed
from ingest.connectors.options import require_options
from ingest.connectors.port import ConnectorKind, Option, OptionKind
from ingest.connectors.texts import is_well_formed

LONGEST_ID_BYTES: Final = 2_000
"""What the databases can index of an id, in UTF-8."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_OPTION: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_SHOWN: Final = 3
_UNREAD: Final = "others push to this connector: nothing is read"


def _described(bench: Bench) -> Seen:
    faults = [
        *_faults(bench.kind),
        *(fault for option in bench.kind.options for fault in _option_faults(bench.kind, option)),
    ]
    names = [option.name for option in bench.kind.options]
    faults += [f"option {name} is described twice" for name in sorted({n for n in names if names.count(n) > 1})]
    return failed(_few(faults)) if faults else passed(f"{bench.kind.name}, {len(names)} options")


def _faults(kind: ConnectorKind) -> list[str]:
    faults = []
    if not _NAME.fullmatch(kind.name):
        faults.append(f"name {kind.name!r}: up to 32 small letters, digits, - and _ were expected")
    if not _CHINESE.search(kind.help_zh):
        faults.append("help_zh says nothing in Chinese")
    if not kind.help_en.strip():
        faults.append("help_en says nothing")
    return faults


def _option_faults(kind: ConnectorKind, option: Option) -> list[str]:
    faults = []
    if not _OPTION.fullmatch(option.name):
        faults.append(f"option {option.name!r}: small letters, digits, - and _ were expected")
    if not _CHINESE.search(option.help_zh) or not option.help_en.strip():
        faults.append(f"option {option.name} is not described in both languages")
    if option.kind not in get_args(OptionKind):
        return [*faults, f"option {option.name} has the unknown kind {option.kind!r}"]
    if option.default is None:
        return faults
    if option.required or option.kind == "secret":
        return [*faults, f"option {option.name} can have no default"]
    try:
        require_options(replace(kind, options=(option,)), {option.name: option.default})
    except InvalidInput:
        faults.append(f"the default of option {option.name} is no {option.kind}")
    return faults


def _opens(bench: Bench) -> Seen:
    if bench.kind.open is None:
        return not_checked(_UNREAD)
    first = bench.first
    if first.trouble:
        return failed(f"after {len(first.notes)} documents: {first.trouble}")
    return passed(f"{len(first.notes)} documents" + ("" if first.whole else ", no more were asked for"))


def _delivers(bench: Bench) -> Seen:
    if (unread := _nothing(bench)) is not None:
        return unread
    first = bench.first
    evidence = f"{len(first.delivered)} of {len(first.notes)} documents can be taken in"
    return passed(evidence) if first.delivered else failed(evidence)


def _arrivals(bench: Bench) -> Seen:
    if (unread := _nothing(bench)) is not None:
        return unread
    notes = bench.first.notes
    faults = [f"{note.external_id[:80]!r}: {fault}" for note in notes if (fault := _arrival_fault(note))]
    if bench.first.delivered and not any(note.title.strip() for note in bench.first.delivered):
        faults.append("no document has a title")
    return failed(_few(faults)) if faults else passed(f"{len(notes)} documents")


def _arrival_fault(note: Noted) -> str:
    if not note.external_id.strip() or not is_well_formed(note.external_id):
        return "the id is empty or cannot be stored"
    if len(note.external_id.encode()) > LONGEST_ID_BYTES:
        return f"the id is longer than {LONGEST_ID_BYTES} bytes"
    if not is_well_formed(note.title) or not is_well_formed(note.fingerprint):
        return "title or fingerprint cannot be stored"
    if note.published is not None and note.published.tzinfo is None:
        return "the publication has no zone"
    if note.outcome is Outcome.SAME:
        return "said to be the same, though nobody knows it"
    return ""


def _components(bench: Bench) -> Seen:
    delivered = bench.first.delivered if bench.kind.open is not None else []
    if not delivered:
        return _nothing(bench) or not_checked("no document could be taken in")
    faults = [f"{note.external_id[:80]!r}: {fault}" for note in delivered if (fault := _component_fault(note))]
    return failed(_few(faults)) if faults else passed(f"{sum(len(note.files) for note in delivered)} files")


def _component_fault(note: Noted) -> str:
    roles = [file.role for file in note.files]
    mains, envelopes = roles.count(ComponentRole.MAIN), roles.count(ComponentRole.ENVELOPE)
    if mains != 1:
        return f"{mains} main files"
    if envelopes > 1:
        return f"{envelopes} envelopes"
    if not all(file.name and is_well_formed(file.name) for file in note.files):
        return "a file has no name, or one that cannot be stored"
    return ""


def _streams(bench: Bench) -> Seen:
    files = _files(bench)
    if not files:
        return _nothing(bench) or not_checked("no file was handed over")
    faults = [f"{name}: the second reading gave other bytes" for name, file in files if len(set(file.digests)) > 1]
    return failed(_few(faults)) if faults else passed(f"{len(files)} files")


def _sizes(bench: Bench) -> Seen:
    announced = [
        (name, file)
        for name, file in _files(bench)
        if file.announced_size is not None or file.announced_sha256 is not None
    ]
    if not announced:
        return _nothing(bench) or not_checked("nothing is announced of any file")
    faults = [f"{name}: {file.size} bytes, not as announced" for name, file in announced if not _is_true(file)]
    return failed(_few(faults)) if faults else passed(f"{len(announced)} files as announced")


def _is_true(file: NotedFile) -> bool:
    size = file.announced_size in {None, file.size}
    return size and (file.announced_sha256 is None or file.announced_sha256.lower() == file.digests[0])


def _files(bench: Bench) -> list[tuple[str, NotedFile]]:
    if bench.kind.open is None:
        return []
    return [(f"{note.external_id[:80]}/{file.name}", file) for note in bench.first.notes for file in note.files]


def _bad(bench: Bench) -> Seen:
    if (unread := _nothing(bench)) is not None:
        return unread
    bad = {note.external_id: note.code or note.trouble for note in bench.first.notes if note.is_bad}
    if bench.bad and bench.bad not in bad:
        return failed(f"{bench.bad} was not refused")
    if not bad:
        return not_checked("no bad document came; name one")
    if not bench.first.delivered:
        return failed("nothing but bad documents came")
    return passed(f"{len(bad)} refused ({_few(sorted(set(bad.values())))}), {len(bench.first.delivered)} others came")


def _nothing(bench: Bench) -> Seen | None:
    """Why nothing can be said of what is handed over; None where something was."""
    if bench.kind.open is None:
        return not_checked(_UNREAD)
    return None if bench.first.notes else not_checked(f"nothing was handed over. {bench.first.trouble}".strip())


def _few(faults: list[str]) -> str:
    more = f"; {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return "; ".join(faults[:_SHOWN]) + more


ARRIVING: Final = (
    Check("contract-described", _described),
    Check("contract-opens", _opens),
    Check("contract-delivers", _delivers),
    Check("contract-arrivals", _arrivals),
    Check("contract-components", _components),
    Check("contract-streams", _streams),
    Check("contract-sizes", _sizes),
    Check("contract-bad", _bad),
)
"""The checks of one reading, in the order in which they are made."""
