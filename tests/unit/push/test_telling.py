"""What a message tells of its document, and what of it may be shown."""

from pathlib import Path

import pytest

from ingest.connectors.locale import Locale
from ingest.push.envelope import read_envelope
from ingest.push.page import page_of
from ingest.push.tables import own_tables
from ingest.push.telling import Told
from ingest.push.types import DataSet, Shape
from ingest.push.validation import judge
from tests import push_messages as messages
from tests.small_archive import SmallArchive

SECRET = "秘密"


@pytest.fixture(scope="module")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Locale:
    home: Path = tmp_path_factory.mktemp("home")
    with SmallArchive.at(home / "home") as archive:
        return archive.ingest.push.joiner._ports.locale


def told(data_set: DataSet, given: messages.Given, locale: Locale, parent_name: str = "") -> Told:
    message = read_envelope(messages.xml(data_set.number, "k1", given), Shape.GENERAL_XML)
    tables = own_tables()
    parents = [(parent, {"project_name": parent_name}) for parent in data_set.parents] if parent_name else []
    return Told.of(judge(message, tables, locale.zone), parents, tables, locale)


def test_neither_page_nor_title_shows_a_field_that_is_not_disclosed_to_society(locale: Locale) -> None:
    tables = own_tables()
    subjects = {*tables.roles["title"], *tables.roles["subject"], *tables.roles["project_name"]}
    seen = 0
    for data_set in tables.sets.values():
        if not data_set.public:
            continue
        # Without what would be shown in its place, a field that may not be shown is the only one left.
        given = [
            (field.written, messages.value(data_set, field) if field.public else SECRET)
            for field in data_set.fields
            if field.name not in subjects or not field.public
        ]
        one = told(data_set, given, locale)
        assert SECRET not in one.title(), data_set.number
        assert SECRET not in page_of(data_set, one.judged.values, tables).decode()
        seen += SECRET in one.judged.values.values()
    assert seen > 50


def test_a_document_without_a_name_of_its_own_is_called_by_that_of_its_project(locale: Locale) -> None:
    data_set = own_tables().sets["520"]
    given = [(name, text) for name, text in messages.valid("520") if name not in own_tables().roles["subject"]]
    assert told(data_set, given, locale, "长江路改造").title() == f"{data_set.name_cn}：长江路改造"
    assert told(data_set, given, locale).title() == data_set.name_cn
