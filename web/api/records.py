"""Records, volumes and projects."""

from typing import Annotated

from fastapi import APIRouter, Query

from web.dependencies import Provided, Visited
from web.schemas.records import ProjectViewAnswer, ProofAnswer, RecordViewAnswer, VersionAnswer, VolumeViewAnswer
from web.showing.proofs import prove

router = APIRouter(tags=["records"])


@router.get("/records/{reference}")
def record(
    services: Provided, visit: Visited, reference: str, version: Annotated[int | None, Query(ge=1)] = None
) -> RecordViewAnswer:
    """A record by id or reference code, in its present version or another."""
    return RecordViewAnswer.of(services.records.find(visit.actor, reference, version))


@router.get("/records/{reference}/versions")
def versions(services: Provided, visit: Visited, reference: str) -> list[VersionAnswer]:
    """Every version of a record, oldest first."""
    return [VersionAnswer.of(version) for version in services.records.find(visit.actor, reference).versions]


@router.get("/records/{reference}/proof")
def proof(services: Provided, visit: Visited, reference: str) -> ProofAnswer:
    """Where a record stands in the ledger, with inclusion proofs under the last signed checkpoint."""
    history = services.records.find(visit.actor, reference).history
    return ProofAnswer.of(prove(services.database, services.checkpoints, history))


@router.get("/volumes/{reference}")
def volume(services: Provided, visit: Visited, reference: str) -> VolumeViewAnswer:
    """A volume by id or reference code, with the records of it that the caller may see."""
    return VolumeViewAnswer.of(services.volumes.volume(visit.actor, reference))


@router.get("/projects/{reference}")
def project(services: Provided, visit: Visited, reference: str) -> ProjectViewAnswer:
    """A project by id, project code or unified trading code."""
    return ProjectViewAnswer.of(services.volumes.project(visit.actor, reference))
