"""Connectors by name: our own, those of packages, and the names that are none."""

from importlib.metadata import EntryPoint

import pytest

from archive.errors import InvalidInput
from ingest.connectors.contract.arriving import ARRIVING
from ingest.connectors.contract.types import Result
from ingest.connectors.registry import GROUP, OWN, Registry
from tests.unit.connectors.benches import bench, handing

REGISTRY = Registry(installed=tuple)


@pytest.mark.parametrize("name", OWN)
def test_every_connector_of_our_own_is_there_under_its_name_and_well_described(name: str) -> None:
    kind = REGISTRY.kind(name)
    assert kind.name == name
    described = next(check for check in ARRIVING if check.code == "contract-described")
    seen = described.look(bench(kind))
    assert seen.result is Result.PASS, seen.evidence


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(InvalidInput) as refused:
        REGISTRY.kind("portl")
    assert (refused.value.code, refused.value.params["near"]) == ("connector-unknown", "portal")
    assert not REGISTRY.is_read("portl")


def test_our_own_come_first_and_nobody_takes_their_names() -> None:
    theirs = Registry(installed=lambda: (EntryPoint("folder", "theirs:KIND", GROUP), EntryPoint("a", "a:KIND", GROUP)))
    assert theirs.names() == (*OWN, "a")
    assert theirs.kind("folder") is REGISTRY.kind("folder")


def test_those_handed_in_are_found_too() -> None:
    made = handing()
    assert Registry([made], tuple).kind("made") is made
    assert "made" in Registry([made], tuple).names()
