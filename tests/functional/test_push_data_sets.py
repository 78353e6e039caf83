"""Every data set whose fields are known: a valid message is accepted, and each kind of violation is named."""

from collections.abc import Iterator

import pytest

from ingest.push.types import DataSet
from tests import push_messages as messages
from tests.small_archive import SmallArchive
from tests.small_push import SECRET, SmallPush, keep_token, served


@pytest.fixture(scope="module")
def push(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallPush]:
    with SmallArchive.at(tmp_path_factory.mktemp("home")) as archive:
        keep_token(archive)
        archive.ingest.sources.register("stand", "push", "push:", {"token": SECRET})
        with served(archive) as started:
            yield started


def _named(data_set: DataSet) -> str:
    return data_set.number


def test_there_are_as_many_as_the_specification_has() -> None:
    assert len(messages.with_fields()) == 104
    assert sum(len(data_set.fields) for data_set in messages.with_fields()) == 1950


@pytest.mark.parametrize("data_set", messages.with_fields(), ids=_named)
def test_a_valid_message_is_accepted(push: SmallPush, data_set: DataSet) -> None:
    answer = push.send(messages.xml(data_set.number, f"S001{data_set.number}1", messages.valid(data_set.number)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "received"


@pytest.mark.parametrize("data_set", messages.with_fields(), ids=_named)
def test_one_violation_of_each_kind_is_refused_with_the_field_named(push: SmallPush, data_set: DataSet) -> None:
    kinds = []
    for kind, field, given in messages.violations(data_set):
        kinds.append(kind)
        answer = push.send(messages.xml(data_set.number, f"S001{data_set.number}2", given))
        assert answer.status_code == 422, (kind, field)
        found = {(one["field"], one["constraint"]) for one in answer.json()["error"]["fields"]}
        assert found == {(field, kind)}
    assert {"required", "repeated", "length", "date"} <= set(kinds)


@pytest.mark.parametrize("data_set", messages.with_fields(), ids=_named)
def test_a_message_without_a_key_is_refused(push: SmallPush, data_set: DataSet) -> None:
    answer = push.send(messages.xml(data_set.number, "", messages.valid(data_set.number)))
    assert [(one["field"], one["constraint"]) for one in answer.json()["error"]["fields"]] == [("DATA_KEY", "key")]
