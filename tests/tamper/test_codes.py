"""Every finding code has one bad bundle that yields it and nothing else, and every bad bundle has its code."""

import re
from pathlib import Path

import pytest

from archive.evidence.codes import CODES
from archive.evidence.verifier import verify
from archive.ledger.types import Severity
from archive.messages import Language, catalogue
from tests.tamper.bad_bundles import BAD
from tests.tamper.bench import Bench


def test_the_clean_bundle_is_valid(bench: Bench) -> None:
    report = verify(bench.clean, bench.trust)
    assert report.findings == ()
    assert report.valid
    assert report.is_bundle


def test_codes_and_bad_bundles_match_one_to_one() -> None:
    assert sorted(BAD) == sorted(CODES)
    assert set(CODES) <= set(catalogue())


def test_the_description_of_the_format_lists_every_code_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "evidence-bundle.md").read_text()
    listed = re.findall(r"^\| `([a-z0-9.-]+)` \| (error|warning) \|", page, re.MULTILINE)
    assert sorted(listed) == sorted((code, str(severity)) for code, severity in CODES.items())


@pytest.mark.parametrize("code", sorted(BAD))
def test_a_bad_bundle_yields_its_code_and_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    made = BAD[code](bench, monkeypatch)
    report = verify(made.path, made.trust, limits=made.limits)
    assert {finding.code for finding in report.findings} == {code}
    assert report.valid is (CODES[code] is Severity.WARNING)
    assert report.is_bundle is (code not in {"bundle.unreadable", "bundle.not-a-bundle"})


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", sorted(BAD))
def test_every_sentence_is_complete(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, code: str, language: Language
) -> None:
    made = BAD[code](bench, monkeypatch)
    for finding in verify(made.path, made.trust, language, made.limits).findings:
        assert "{" not in finding.message
        assert finding.message.isascii() is (language == "en")
