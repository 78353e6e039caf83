"""The three forms of a report, made from the same facts."""

import json
from collections.abc import Mapping
from typing import Any

from ingest.verdicts.reports.layout import layout_of
from ingest.verdicts.reports.page import page_of
from ingest.verdicts.types import ReportFormat


def written(facts: Mapping[str, Any]) -> dict[ReportFormat, bytes]:
    """Every form; the same facts give the same bytes on the same machine."""
    from ingest.verdicts.reports.printed import printed_of  # noqa: PLC0415 - loads long, and reports are few

    layout = layout_of(facts)
    plain = json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    return {
        ReportFormat.JSON: plain.encode(),
        ReportFormat.HTML: page_of(layout),
        ReportFormat.PDF: printed_of(layout),
    }
