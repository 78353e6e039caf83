"""The suite that whoever writes a connector runs against it, and a centre against one that it is offered."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.contract.arriving import ARRIVING
from ingest.connectors.contract.bench import Bench
from ingest.connectors.contract.repeating import REPEATING
from ingest.connectors.contract.types import Finding, Report
from ingest.connectors.options import require_options
from ingest.connectors.port import ConnectorKind

CHECKS: Final = (*ARRIVING, *REPEATING)


def examine(bench: Bench, look: Callable[[Finding], None] = lambda _: None) -> Report:
    """Ask a connector everything; `look` is told of each finding as it comes. The source is read about six times.

    Raises:
        InvalidInput: an option of the source cannot be used.
    """
    require_options(bench.kind, bench.source.options)
    findings = []
    for check in CHECKS:
        seen = check.look(bench)
        findings.append(Finding(check.code, seen.result, seen.evidence))
        look(findings[-1])
    return Report(bench.kind.name, tuple(findings))


def load_kind(reference: str, folder: Path) -> ConnectorKind:
    """The connector that `PACKAGE.MODULE:NAME` names, looked for among what is installed and in `folder`.

    Raises:
        InvalidInput: it cannot be loaded, or is none (`connector-broken`).
    """
    module, _, name = reference.partition(":")
    sys.path.insert(0, str(folder))
    try:
        loaded = getattr(import_module(module), name)
    except Exception as error:  # whatever a module of somebody else raises, it is named
        raise InvalidInput(
            "connector-broken", connector=reference, detail=f"{type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(str(folder))
    if not isinstance(loaded, ConnectorKind):
        raise InvalidInput("connector-broken", connector=reference, detail=type(loaded).__name__)
    return loaded
