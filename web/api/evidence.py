"""Evidence bundles."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from archive.authorization import Permission
from web.bundles import bundle
from web.dependencies import Provided, Visited, allow
from web.schemas.work import EvidenceRequest

router = APIRouter(tags=["work"])


@router.post(
    "/evidence",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {}}, "description": "The bundle; verify it with `juanzong verify`"}
    },
    dependencies=[Depends(allow(Permission.EVIDENCE_BUILD))],
)
def evidence(services: Provided, visit: Visited, wanted: EvidenceRequest) -> Response:
    """Build a bundle that proves itself offline. Building is written into the ledger."""
    return bundle(services, visit, wanted.kind, wanted.reference)
