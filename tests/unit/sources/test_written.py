"""Options as people write them, read by the kind that their connector gives them."""

import pytest

from archive.errors import InvalidInput
from ingest.connectors.options import require_options
from ingest.sources.written import read_pairs, read_table, read_value, write_value
from tests.unit.connectors.test_options import GOOD, KIND

WRITTEN = [
    "host=sftp.example",
    "port=2222",
    "strict=yes",
    "folders=a, b",
    'mapping={"title": "TITLE"}',
    "password=secret:sftp",
]


def test_every_kind_is_read_from_its_writing() -> None:
    assert read_pairs(KIND, WRITTEN) == GOOD
    assert read_pairs(KIND, ["host=a=b"]) == {"host": "a=b"}


def test_what_is_written_is_what_was_read() -> None:
    for option in KIND.options:
        assert read_value(KIND, option.name, write_value(option, GOOD[option.name])) == GOOD[option.name]
        assert write_value(option, None) == ""


@pytest.mark.parametrize(
    "pair",
    ["port=many", "port=1e3", "port=" + "9" * 5_000, "strict=perhaps", "mapping=[1]", "mapping=" + "[" * 100_000],
)
def test_a_value_that_is_written_otherwise_is_refused(pair: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_pairs(KIND, [pair])
    assert refused.value.code == "source-option-value"
    assert refused.value.params["option"] == pair.partition("=")[0]


@pytest.mark.parametrize("pair", ["hunter2", "=hunter2"])
def test_what_is_no_pair_is_refused_and_not_said_again(pair: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_pairs(KIND, [pair])
    assert refused.value.code == "source-option-unwritten"
    assert "hunter2" not in str(refused.value)


def test_an_unknown_option_is_left_to_whoever_checks_them() -> None:
    options = read_pairs(KIND, [*WRITTEN, "hots=x"])
    with pytest.raises(InvalidInput, match="source-option-unknown"):
        require_options(KIND, options)


@pytest.mark.parametrize("text", ["[1]", "{", "nothing", "[" * 100_000])
def test_a_file_of_options_is_one_object(text: str) -> None:
    with pytest.raises(InvalidInput, match="source-options-file"):
        read_table(text)
    assert read_table('{"port": 22}') == {"port": 22}
