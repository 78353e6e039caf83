"""The stages of an examination as they run inside the bounded process: JSON in, JSON out, the file between."""

import io
from base64 import b64decode
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, BinaryIO

from archive.errors import InvalidInput
from classifiers.noticing import Noticed, notice
from ingest.examining.values import from_json, to_json
from ingest.extractors.port import Limits
from ingest.extractors.reading import Problem, Reading, read_identified
from ingest.extractors.registry import Registry, build_registry
from ingest.formats import known
from ingest.formats.containers import open_container
from ingest.formats.identify import identify as identified
from ingest.formats.inspecting import inspect as inspected
from ingest.formats.inspection import Inspection
from ingest.formats.types import Identified
from ingest.signatures.finding import find
from ingest.signatures.trust import from_json as trust_list
from ingest.signatures.types import Signature, Signatures, TrustList

_ZIP = b"PK\x03\x04"


def identify(stream: BinaryIO, arguments: dict[str, Any]) -> object:
    """The format of the file that came by the name `name`, and as the type `declared` where its source stated one."""
    return to_json(Identified, identified(stream, arguments["name"], arguments.get("declared", "")))


def read(stream: BinaryIO, arguments: dict[str, Any]) -> object:
    """The text of a file that is `identified`."""
    reading = read_identified(stream, from_json(Identified, arguments["identified"]), _registry())
    return to_json(Reading, _measured(reading, stream))


def inspect(stream: BinaryIO, arguments: dict[str, Any]) -> object:
    """What the file is beyond its text."""
    found = inspected(stream, from_json(Identified, arguments["identified"]), Limits())
    return to_json(tuple[Inspection, ...], found)


def signatures(stream: BinaryIO, arguments: dict[str, Any]) -> object:
    """The signatures of a file of type `mime`, judged at the moment `at` with those of `trust`."""
    at = datetime.fromisoformat(arguments["at"])
    return to_json(Signatures, find(stream, arguments["mime"], _trust(arguments["trust"]), at))


def twin(stream: BinaryIO, arguments: dict[str, Any]) -> object:
    """What the detached `signature`, in base64, says of the file, judged as above."""
    at = datetime.fromisoformat(arguments["at"])
    from ingest.signatures.detached import verify_detached  # noqa: PLC0415 - loads long, and few files have a twin

    signature = io.BytesIO(b64decode(arguments["signature"]))
    return to_json(Signature, verify_detached(signature, stream, _trust(arguments["trust"]), at))


def noticing(stream: None, arguments: dict[str, Any]) -> object:
    """What `text` shows that not everybody may read."""
    del stream
    return to_json(tuple[Noticed, ...], notice(arguments["text"]))


@lru_cache(maxsize=1)
def _trust(text: str) -> TrustList:
    # The same list comes with every file, and may hold thousands of revocations.
    return trust_list(text)


@cache
def _registry() -> Registry:
    return build_registry()


def _measured(reading: Reading, stream: BinaryIO) -> Reading:
    """The reading of a container whose every part is what its directory says, also those that no text comes from."""
    stream.seek(0)
    # Of an archive that cannot be opened, identifying only told the name of the reason.
    told = reading.problem is not None and reading.identified.mime != known.ZIP
    if told or stream.read(len(_ZIP)) != _ZIP:
        return reading
    try:
        container = open_container(stream)
        for name in container.entries:
            for _ in container.chunks(name):
                pass
    except InvalidInput as error:
        return Reading(reading.identified, None, Problem(error.code, error.params), reading.extractor)
    return reading
