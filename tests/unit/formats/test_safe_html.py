import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats.html import safe_html


def test_structure_is_kept() -> None:
    table = '<table><tbody><tr><td colspan="2">甲</td></tr></tbody></table>'
    page = f'<h2>公告</h2>{table}<ul><li>乙</li></ul><p align="center">丙</p>'
    assert safe_html(page) == page


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<style>body{background:url(http://x.example)}</style>",
        '<img src="http://x.example/track.gif" onerror="alert(1)">',
        '<iframe src="http://x.example"></iframe>',
        '<object data="x"></object><embed src="x"><link rel="stylesheet" href="x"><base href="http://x.example">',
        '<p onclick="alert(1)" style="background:url(x)" class="x" id="y">',
        '<a href="javascript:alert(1)">',
        '<a href="/relative">',
        '<form action="http://x.example"><input name="a"></form>',
        '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)"/></svg>',
        '<meta http-equiv="refresh" content="0;url=http://x.example">',
        "<table background='http://x.example'>",
    ],
)
def test_nothing_that_runs_loads_or_reaches_out_is_left(hostile: str) -> None:
    found = safe_html(f"前{hostile}<b>后</b>")
    assert "<b>后</b>" in found
    for trace in ("script", "alert", "url(", "x.example", "href", "src", "style", "class", "id=", "form", "data="):
        assert trace not in found.replace("noopener", "")


def test_links_stay_and_tell_nothing() -> None:
    assert safe_html('<a href="https://x.example/a">x</a>') == (
        '<a href="https://x.example/a" rel="noopener noreferrer nofollow">x</a>'
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(alphabet="<>/=\"' aonscriptmg:jv&;#x\n公", max_size=80))
def test_cleaning_twice_changes_nothing(page: str) -> None:
    once = safe_html(page)
    assert safe_html(once) == once
    assert "<script" not in once
