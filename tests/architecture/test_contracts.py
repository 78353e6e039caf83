"""The import contracts hold, and each one bites: a copy of the tree with one wrong import in it is refused."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT

pytestmark = pytest.mark.slow

# For each contract: the module that gets a line too many, and the line.
BREACHES = {
    "packages": [
        ("archive/clock.py", "import search"),
        ("search/__init__.py", "import classifiers"),
        ("ingest/__init__.py", "import web"),
    ],
    "kernel": [
        ("archive/ids.py", "import archive.messages\nimport archive.clock"),
        ("archive/ledger/types.py", "import archive.records.types"),
        ("archive/jobs/port.py", "import archive.blobs.port"),
        ("archive/oddments.py", ""),
    ],
    "pipeline": [
        ("ingest/pipeline/__init__.py", "import search"),
        ("ingest/connectors/__init__.py", "from access_control import types"),
    ],
    "verifier": [
        ("archive/evidence/verifier.py", "import archive.records.types"),
        ("archive/ledger/merkle.py", "import sqlalchemy"),
    ],
    "steps": [
        ("ingest/connectors/__init__.py", "import archive.db.uow"),
        ("ingest/extractors/__init__.py", "import ingest.pipeline"),
    ],
    "simulator": [
        ("ingest/simulator/__init__.py", "import archive.plan.types"),
        ("ingest/simulator/__init__.py", "import ingest.connectors"),
    ],
    "pure": [
        ("classifiers/__init__.py", "import archive.records.types"),
        ("classifiers/__init__.py", "import httpx"),
    ],
    "no-cycles": [("archive/ledger/canonical.py", "import archive.ledger.types")],
    "door-sql": [
        ("archive/records/service.py", "from sqlalchemy import Connection"),
        ("search/__init__.py", "import sqlalchemy"),
        ("web/__init__.py", "from alembic import command"),
    ],
    "door-tantivy": [("search/__init__.py", "import tantivy")],
    "door-broker": [("archive/jobs/worker.py", "import kombu"), ("ingest/__init__.py", "import celery")],
    "door-s3": [("archive/blobs/directory.py", "import urllib3"), ("web/__init__.py", "import minio")],
    "door-elastic": [("search/tantivy.py", "import elasticsearch"), ("ingest/__init__.py", "import elastic_transport")],
    "door-ssh": [("ingest/connectors/__init__.py", "import paramiko"), ("archive/clock.py", "import paramiko")],
    "door-old-workbooks": [("ingest/extractors/__init__.py", "import python_calamine")],
    "door-prometheus": [("web/__init__.py", "import prometheus_client")],
    "door-traces": [("archive/logs.py", "import opentelemetry")],
    "door-policy": [("access_control/__init__.py", "import casbin")],
    "door-argon2": [("web/__init__.py", "import argon2")],
    "door-pdf": [
        ("ingest/simulator/__init__.py", "import pikepdf"),
        ("web/__init__.py", "import pypdfium2"),
    ],
    "door-signatures": [
        ("ingest/formats/__init__.py", "import pyhanko"),
        ("web/__init__.py", "import asn1crypto"),
        ("ingest/checks/__init__.py", "import signxml"),
        ("archive/clock.py", "import pyhanko_certvalidator"),
    ],
    "door-av": [("ingest/extractors/__init__.py", "import av")],
    "door-http": [
        ("ingest/__init__.py", "from fastapi import FastAPI"),
        ("archive/clock.py", "import jinja2"),
    ],
}


def _contracts() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]}


def _lint(root: Path, *options: str) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's sources and the contracts, to be spoilt."""
    root = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "static", "data"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_every_contract_holds() -> None:
    code, said = _lint(ROOT)
    assert code == 0, said


def test_every_contract_is_broken_once_on_purpose() -> None:
    assert set(BREACHES) == _contracts()


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [(contract, *breach) for contract, breaches in BREACHES.items() for breach in breaches],
)
def test_the_contract_bites(copy: Path, contract: str, module: str, line: str) -> None:
    file = copy / module
    before = file.read_text(encoding="utf-8") if file.exists() else None
    file.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        code, said = _lint(copy, "--contract", contract)
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_text(before, encoding="utf-8")
    assert code == 1, said
    assert "0 kept, 1 broken" in said


def test_no_contract_has_an_exception() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert [contract["id"] for contract in contracts if "ignore_imports" in contract] == []
