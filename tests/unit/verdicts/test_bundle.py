"""What a volume was found to be goes along with it: the bundle has the entry that names its report, and verifies."""

import json
import zipfile
from pathlib import Path

from archive.evidence.builder import Builder
from archive.evidence.service import EvidencePorts, EvidenceService
from archive.evidence.verifier import verify
from archive.ledger.signing import load_signer, write_trust
from ingest.verdicts.types import ReportFormat
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"


def test_the_bundle_of_a_volume_names_its_report_and_verifies(tmp_path: Path) -> None:
    with SmallArchive.at(tmp_path / "home") as archive:
        archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
        archive.work()
        volumes, kernel = archive.ingest.verdicts.volumes, archive.kernel
        (volume,) = volumes.closed()
        volumes.settle(volume)
        report, _ = volumes.report(volume, ReportFormat.JSON)
        builder = Builder(kernel.database, kernel.ledger, kernel.integrator, kernel.clock)
        ports = EvidencePorts(kernel.database, kernel.blobs, kernel.ledger, archive.authorizer, builder)
        built = EvidenceService(ports).build(ARCHIVIST, "volume", volume, tmp_path / "bundle.zip")
        signer = load_signer(archive.settings.ledger.key_path, archive.settings.ledger.origin)
        write_trust(tmp_path / "trust.json", signer.trust())
        assert verify(built.path, tmp_path / "trust.json").findings == ()
    with zipfile.ZipFile(built.path) as bundle:
        told = b"".join(bundle.read(name) for name in bundle.namelist() if not name.startswith("files/"))
    assert b"volume.checked" in told
    assert all(json.dumps(digest).encode() in told for digest in report.digests.values())
