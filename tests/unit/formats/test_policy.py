"""What follows from a format, what a policy must say, and which formats come first in the overview."""

from pathlib import Path

import pytest

from archive.errors import InvalidInput
from archive.messages import render
from ingest.formats.policy import (
    FormatAction,
    FormatDecision,
    FormatRisk,
    default_format_policy,
    parse_format_policy,
    read_format_policy,
)
from ingest.formats.risk import FormatCount, overview
from ingest.formats.types import UNIDENTIFIED, Identified

OTHERWISE = '[otherwise]\naction = "ask"\nrisk = "high"\ngrounds = ["risk-not-judged"]\n'
ENTRY = 'name = "OFD"\nmimes = ["application/ofd"]\naction = "preserve"\nrisk = "low"\ngrounds = ["risk-plain"]\n'
GOOD = f'version = "1"\n{OTHERWISE}[[formats]]\n{ENTRY}basis = "proposal"\n'

ACCEPTED = [
    "application/ofd",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/msword",
    "application/vnd.ms-excel",
    "application/xml",
    "application/json",
    "text/html",
    "text/plain",
    "text/csv",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/bmp",
    "audio/mpeg",
    "audio/x-wav",
    "video/mp4",
    "video/mpeg",
    "video/x-msvideo",
]


def decide(mime: str, puid: str | None = None) -> FormatDecision:
    return default_format_policy().decide(Identified(puid, mime, "label", "basis", None))


@pytest.mark.parametrize("mime", ACCEPTED)
def test_what_trading_centres_send_every_day_is_accepted(mime: str) -> None:
    assert decide(mime).action in {FormatAction.PRESERVE, FormatAction.DERIVE}
    assert decide(mime).code in {None, "format-derive"}


@pytest.mark.parametrize(
    ("mime", "puid", "action", "code"),
    [
        ("application/ofd", None, FormatAction.PRESERVE, None),
        ("application/pdf", "fmt/354", FormatAction.PRESERVE, None),
        ("application/pdf", "fmt/276", FormatAction.DERIVE, "format-derive"),
        ("application/vnd.ms-word.document.macroenabled.12", "fmt/523", FormatAction.ASK, "format-ask"),
        ("application/zip", "x-fmt/263", FormatAction.ASK, "format-ask"),
        ("application/octet-stream", "fmt/690", FormatAction.REFUSE, "format-refused"),
        ("application/vnd.microsoft.portable-executable", "x-fmt/411", FormatAction.REFUSE, "format-refused"),
        ("application/octet-stream", "fmt/1456", FormatAction.ASK, "format-ask"),
        ("application/octet-stream", None, FormatAction.ASK, "format-unknown"),
        ("application/x-empty", None, FormatAction.ASK, "format-unknown"),
    ],
)
def test_what_follows(mime: str, puid: str | None, action: FormatAction, code: str | None) -> None:
    decision = decide(mime, puid)
    assert (decision.action, decision.code) == (action, code)
    assert decision.version == default_format_policy().version


def test_a_program_is_refused_whatever_its_mime_type_says() -> None:
    assert decide("text/plain", "x-fmt/413").action is FormatAction.REFUSE


def test_what_nobody_looked_into_is_not_accepted() -> None:
    assert default_format_policy().decide(UNIDENTIFIED).code == "format-unknown"


def test_a_format_without_an_entry_is_a_high_risk() -> None:
    decision = decide("application/x-something", "fmt/9999")
    assert (decision.risk, decision.grounds, decision.rule) == (FormatRisk.HIGH, ("risk-not-judged",), "")


def test_every_ground_has_its_sentence() -> None:
    for rule in default_format_policy().rules:
        assert all(render(code, {}) != code for code in rule.grounds)


@pytest.mark.parametrize(
    ("text", "place", "detail"),
    [
        ("version = ", "TOML", ""),
        (f'{GOOD}more = "x"\n', "formats[1] OFD", "unknown key more"),
        (f"extra = 1\n{GOOD}", "TOML", "unknown key extra"),
        (GOOD.replace('version = "1"', "version = 1"), "version", "missing"),
        (f'version = "1"\nformats = 3\n{OTHERWISE}', "formats", "not a list of tables"),
        (GOOD.replace(OTHERWISE, ""), "otherwise", "needs action, risk and grounds"),
        (GOOD.replace('risk = "high"\n', "", 1), "otherwise", "needs action, risk and grounds"),
        (GOOD.replace('"preserve"', '"keep"'), "formats[1] OFD", "'keep' is not a valid FormatAction"),
        (GOOD.replace('"low"', '"none"'), "formats[1] OFD", "'none' is not a valid FormatRisk"),
        (GOOD.replace('mimes = ["application/ofd"]\n', ""), "formats[1] OFD", "neither puids nor mimes"),
        (GOOD.replace('["application/ofd"]', '"application/ofd"'), "formats[1] OFD", "mimes must be a list"),
        (GOOD.replace('["application/ofd"]', "[1]"), "formats[1] OFD", "mimes must be a list"),
        (GOOD.replace('["risk-plain"]', "[]"), "formats[1] OFD", "no grounds"),
        (GOOD.replace('["risk-plain"]', '["risk-nothing"]'), "formats[1] OFD", "no message risk-nothing"),
        (GOOD.replace('name = "OFD"\n', ""), "formats[1]", "name and basis must be texts"),
        (GOOD.replace('basis = "proposal"\n', ""), "formats[1] OFD", "name and basis must be texts"),
        (f'{GOOD}[[formats]]\n{ENTRY}basis = ""\n', "OFD", "application/ofd stands in OFD too"),
    ],
)
def test_a_policy_that_cannot_be_used_says_where_and_why(text: str, place: str, detail: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_format_policy(text)
    assert caught.value.code == "format-policy-invalid"
    assert caught.value.params["place"] == place
    assert str(caught.value.params["detail"]).startswith(detail)


def test_the_smallest_policy_is_one() -> None:
    policy = parse_format_policy(GOOD)
    assert policy.decide(Identified(None, "application/ofd", "OFD", "", None)).rule == "OFD"


def test_the_overview_begins_with_the_highest_risk_and_then_the_most_files() -> None:
    counts = [
        FormatCount("fmt/276", "application/pdf", "PDF 1.7", 900),
        FormatCount("fmt/40", "application/msword", "Word 97", 5),
        FormatCount(None, "application/octet-stream", "Unknown", 1),
        FormatCount("x-fmt/263", "application/zip", "ZIP", 2),
        FormatCount(None, "application/ofd", "OFD", 70),
    ]
    found = overview(counts, default_format_policy())
    assert [each.count.label for each in found] == ["ZIP", "Unknown", "Word 97", "PDF 1.7", "OFD"]
    assert sum(each.count.files for each in found) == 978


def test_a_centre_has_a_policy_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "formats.toml"
    own.write_text(GOOD, encoding="utf-8")
    assert read_format_policy(own).version == parse_format_policy(GOOD).version
    assert read_format_policy(None) is default_format_policy()


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"version = 1"])
def test_a_policy_that_is_not_there_or_none_stops_the_archive_and_falls_back_on_nothing(
    tmp_path: Path, content: bytes | None
) -> None:
    own = tmp_path / "formats.toml"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(InvalidInput, match="format-policy-invalid"):
        read_format_policy(own)
