import pytest

from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect
from ingest.formats.limits import Limits
from ingest.formats.markup import TOOL, look_at_xml
from ingest.outcomes import Outcome
from tests.unit.formats.looking import codes, harmless

XML = b'<?xml version="1.0" encoding="UTF-8"?>'
SVG = XML + b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


@pytest.mark.parametrize(
    "content",
    [
        XML + "<公告><标题>试验</标题></公告>".encode(),
        '<?xml version="1.0" encoding="GB2312"?><公告>试验</公告>'.encode("gb18030"),
        '<?xml version="1.0" encoding="UTF-16"?><公告>试验</公告>'.encode("utf-16"),
        XML + b'<!DOCTYPE a [<!ENTITY name "value">]><a>&name;</a>',
        SVG + b'<rect width="1" height="1"/><a xlink:href="https://example.org/"/></svg>',
        XML + b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        XML + b"<a>" + b"x" * 12_000_000 + b"</a>",
    ],
)
def test_sound_xml_passes(content: bytes) -> None:
    harmless(content, "a.xml")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (XML + b"<a><b></a>", "xml-not-well-formed"),
        (XML + b"<a/><b/>", "xml-not-well-formed"),
        (XML + b"<a>", "xml-not-well-formed"),
        (XML + b"<a>" * 250 + b"</a>" * 250, "xml-too-deep"),
        (
            XML
            + b'<!DOCTYPE a [<!ENTITY z "zzzzzzzzzz">'
            + b"".join(
                b'<!ENTITY e%d "%s">' % (number, b"&e%d;" % (number - 1) * 10 if number else b"&z;" * 10)
                for number in range(9)
            )
            + b']><a x="&e8;"/>',
            "xml-entity-bomb",
        ),
        (XML + b'<!DOCTYPE a [<!ENTITY z "&y;"><!ENTITY y "&z;">]><a>&z;</a>', "xml-entity-bomb"),
        (XML + b'<!DOCTYPE a [<!ENTITY z "' + b"z" * 50_000 + b'">]><a>' + b"&z;" * 1_000 + b"</a>", "xml-entity-bomb"),
    ],
)
def test_broken_and_swelling_xml_fails(content: bytes, code: str) -> None:
    assert code in codes(content, Aspect.STRUCTURE, name="a.xml")
    assert codes(content, Aspect.ACTIVE, Outcome.NOT_CHECKED, name="a.xml") == {code}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (XML + b'<!DOCTYPE a [<!ENTITY z SYSTEM "file:///etc/passwd">]><a>&z;</a>', "xml-external-entity"),
        (XML + b'<!DOCTYPE a [<!ENTITY % z SYSTEM "http://example.org/z">%z;]><a/>', "xml-external-entity"),
        (XML + b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>', "xml-external-type"),
        (SVG + b"<script>1</script></svg>", "markup-script"),
        (SVG + b'<rect onclick="1"/></svg>', "markup-script"),
        (SVG + b'<a xlink:href=" javascript:1"/></svg>', "markup-script"),
        (SVG + b'<image xlink:href="https://example.org/a.png"/></svg>', "markup-outside-resource"),
    ],
)
def test_what_runs_or_loads_fails(content: bytes, code: str) -> None:
    assert code in codes(content, Aspect.ACTIVE, name="a.svg")


def test_an_entity_from_outside_is_found_in_any_width() -> None:
    wide = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY z SYSTEM "file:///z">]><a>&z;</a>'
    assert codes(wide.encode("utf-16"), Aspect.ACTIVE, name="a.xml") == {"xml-external-entity"}


def test_a_style_sheet_is_told_and_passes() -> None:
    content = XML + b'<?xml-stylesheet href="a.xsl"?><a/>'
    assert codes(content, Aspect.ACTIVE, Outcome.PASS, name="a.xml") == {"xml-stylesheet"}


@pytest.mark.parametrize("bracket", ["<", "&#60;", "&#x3C;"])
def test_declarations_that_appear_only_when_they_are_expanded_are_not_expanded(bracket: str) -> None:
    hidden = f"<!DOCTYPE a [<!ENTITY % p \"{bracket}!ENTITY x SYSTEM 'file:///etc/passwd'>\">%p;]><a>&x;</a>".encode()
    for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE):
        assert codes(XML + hidden, aspect, Outcome.NOT_CHECKED, "a.xml") == {"xml-declarations-hidden"}


def test_more_elements_than_are_looked_at_are_no_fault_of_a_table() -> None:
    findings = Findings(TOOL)
    look_at_xml([XML + b"<a>" + b"<b/>" * 20 + b"</a>"], Limits(elements=10), findings)
    outcomes = {each.aspect: each.outcome for each in findings.conclude()}
    assert outcomes[Aspect.STRUCTURE] is outcomes[Aspect.ACTIVE] is Outcome.NOT_CHECKED
    assert outcomes[Aspect.LOCKED] is Outcome.PASS


def test_a_script_of_a_page_in_any_xml_is_told() -> None:
    content = XML + b'<a><script xmlns="http://www.w3.org/1999/xhtml">x</script></a>'
    assert codes(content, Aspect.ACTIVE, name="a.xml") == {"markup-script"}
