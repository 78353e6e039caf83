"""From the plan of a file to an attachment whose bytes are made when somebody asks for them."""

from datetime import UTC, datetime, timedelta
from functools import partial

from ingest.simulator.documents.model import Document
from ingest.simulator.life_cycles import FilePlan
from ingest.simulator.recordings import record
from ingest.simulator.rendering import render
from ingest.simulator.types import Attachment, Passage

_SECONDS = 2
_PLATFORM_TIME = timedelta(hours=8)


def attach(plan: FilePlan, title: str, passage: Passage, moment: datetime) -> Attachment:
    """The attachment. `moment`: when the document was made (UTC+8); recordings take their own time from their name."""
    name = plan.name.format_map(passage.values)
    if plan.role == "recording":
        return Attachment(name, plan.role, plan.code, partial(_record, name))
    stem = name.rpartition(".")[0]
    heading = title if plan.role in {"main", "signed"} else f"{title}（{stem}）"
    return Attachment(name, plan.role, plan.code, partial(_render, passage, name, heading, moment))


def _render(passage: Passage, name: str, title: str, moment: datetime) -> bytes:
    document = Document(title, passage.blocks(), moment.strftime("%Y%m%d%H%M%S"), passage.values["owner"])
    return render(name.rpartition(".")[2], document)


def _record(name: str) -> bytes:
    session, started, camera = name.removesuffix(".mp4").split("_")
    local = datetime.strptime(started, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return record(session, camera, local - _PLATFORM_TIME, _SECONDS)
