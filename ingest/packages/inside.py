"""Validation as it runs inside the bounded process: a package in, its report as JSON out."""

from pathlib import Path
from typing import Any, BinaryIO

from ingest.packages.laid import members_from
from ingest.packages.types import PackageReport
from ingest.packages.validating import validate as validated
from ingest.packages.validating import validate_members as validated_members
from ingest.packages.validating import validate_stream as validated_stream


def validate(stream: BinaryIO | None, arguments: dict[str, Any]) -> dict[str, object]:
    """The report on what lies at `path`, which this process has to be allowed to read."""
    del stream
    return _value(validated(Path(arguments["path"])))


def validate_stream(stream: BinaryIO, arguments: dict[str, Any]) -> dict[str, object]:
    """The report on the file that came by the name `name`."""
    return _value(validated_stream(stream, arguments["name"]))


def validate_members(stream: BinaryIO, arguments: dict[str, Any]) -> dict[str, object]:
    """The report on the files that are `listed` as they stand in the stream."""
    return _value(validated_members(members_from(stream, arguments["listed"])))


def _value(report: PackageReport) -> dict[str, object]:
    findings = [
        {
            "code": finding.code,
            "severity": str(finding.severity),
            "path": finding.path,
            "params": {name: _plain(value) for name, value in finding.params.items()},
        }
        for finding in report.findings
    ]
    return {"kind": str(report.kind), "version": report.version, "findings": findings}


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
