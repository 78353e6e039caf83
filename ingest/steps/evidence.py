"""What the classifiers are told about a record: what the source says, and what its files say."""

from classifiers.types import Evidence
from ingest.steps.port import Item

_MOST_CHARACTERS = 60_000


def evidence_of(item: Item) -> Evidence:
    """The evidence of one version of a record."""
    hints = item.version.hints
    files = item.files()
    main = [component for component in files if component.role == "main"]
    body = "\n".join(item.texts[c.id].text for c in main or files if c.id in item.texts)
    return Evidence(
        id=item.record.external_id,
        title=item.version.title,
        body=body[:_MOST_CHARACTERS],
        data_no=_text(hints, "data_no"),
        attachment_codes=tuple(component.code for component in files if component.code),
        attachment_names=tuple(component.name for component in files if component.role != "main"),
        source_label=_text(hints, "source_label"),
        category=_text(hints, "category"),
        notice_type=_text(hints, "notice_type"),
        region=item.record.region,
        project_code=_text(hints, "project_code"),
        project_name=_text(hints, "project_name"),
        tender_project_code=_text(hints, "tender_project_code"),
        section_codes=_texts(hints, "section_codes"),
        section_names=_texts(hints, "section_names"),
        unified_deal_code=_text(hints, "unified_deal_code"),
        published=item.version.published,
    )


def _text(hints: object, name: str) -> str:
    value = hints.get(name) if isinstance(hints, dict) else None
    return value if isinstance(value, str) else ""


def _texts(hints: object, name: str) -> tuple[str, ...]:
    value = hints.get(name) if isinstance(hints, dict) else None
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    return tuple(part for part in value if isinstance(part, str)) if isinstance(value, list) else ()
