"""Evidence bundles as downloads."""

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from archive.evidence.service import Kind
from web.services import Services
from web.showing.files import disposition
from web.visits import Visit


def bundle(services: Services, visit: Visit, kind: Kind, reference: str) -> Response:
    """A fresh bundle as a download; the server keeps no copy of it."""
    folder = tempfile.TemporaryDirectory(prefix="evidence-", ignore_cleanup_errors=True)
    try:
        built = services.evidence.build(visit.actor, kind, reference, Path(folder.name) / "bundle.zip")
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Content-Disposition": disposition(f"{reference}.zip", inline=False)}
    return FileResponse(
        built.path, media_type="application/zip", headers=headers, background=BackgroundTask(folder.cleanup)
    )
