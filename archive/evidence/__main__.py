"""`python -m archive.evidence FILE --trust TRUST`: verify a bundle without an archive.

Exit status: 0 valid, 1 not valid, 2 no bundle or wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from archive.evidence.verifier import Report, verify
from archive.messages import Language


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the command line names and print the findings, one a line."""
    parser = argparse.ArgumentParser(prog="python -m archive.evidence", description="验证证据包 · Verify a bundle")
    parser.add_argument("file", type=Path, metavar="FILE", help="证据包 · the bundle")
    parser.add_argument("--trust", type=Path, metavar="TRUST", help="信任文件 · the trust file of the archive")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="说明的语言 · of the sentences")
    parser.add_argument("--json", action="store_true", help="输出一个 JSON 值 · print one JSON value")
    options = parser.parse_args(arguments)
    language: Language = options.language
    report = verify(options.file, options.trust, language)
    sys.stdout.write(_json(report) if options.json else _text(report, language))
    if not report.is_bundle:
        return 2
    return 0 if report.valid else 1


def _json(report: Report) -> str:
    value = {"valid": report.valid, "findings": [asdict(finding) for finding in report.findings]}
    return json.dumps(value, ensure_ascii=False) + "\n"


def _text(report: Report, language: Language) -> str:
    valid, invalid = ("有效", "无效") if language == "zh" else ("valid", "not valid")
    lines = [f"{finding.severity}\t{finding.code}\t{finding.message}\n" for finding in report.findings]
    return "".join(lines) + (valid if report.valid else invalid) + "\n"


if __name__ == "__main__":
    sys.exit(main())
