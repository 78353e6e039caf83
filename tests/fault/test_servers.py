"""Servers and workers that die in the middle of an import: the same end as without, nothing lost, nothing twice.

One import, one death after another; `python -m tests.fault.server_faults` tries each alone, and servers that are away
for longer.
"""

from pathlib import Path

import pytest

from tests.fault.killing import Material, undisturbed
from tests.fault.server_faults import SERVERS, disturbed, killed, own_servers, worker_killed
from tests.services import service_url

pytestmark = [pytest.mark.slow, pytest.mark.services]

MATERIAL = Material(projects=6, seed=11)


def test_servers_and_workers_may_die_during_an_import(tmp_path: Path) -> None:
    for server in SERVERS:
        service_url(server)  # Skips, or fails, by the same rule as every test that needs servers.
    expected, _ = undisturbed(MATERIAL, tmp_path / "undisturbed")
    faults = [killed(server) for server in SERVERS]
    with own_servers() as servers:
        outcome = disturbed(servers, MATERIAL, tmp_path / "home", [worker_killed(), *faults], expected)
    assert outcome.fine, "\n".join(outcome.details)
    assert (outcome.lost, outcome.doubled, outcome.stuck, outcome.damage) == (0, 0, 0, 0)
