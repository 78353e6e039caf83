"""Step classify: which class of the scheme a record belongs to. Sure decisions stand; unsure ones go to a person."""

from dataclasses import replace

from archive.authorization import SYSTEM_ACTOR, AccessLevel, Actor
from archive.db.uow import UnitOfWork
from archive.errors import NotFound
from archive.ledger.canonical import JSON, moment_text
from archive.ledger.types import EventType
from archive.plan.types import DocumentClass, Plan
from archive.records.service import Act, RecordService
from archive.records.types import FieldValue, Placement, Record
from classifiers.arbiter import classify
from classifiers.fields import read_fields
from classifiers.types import Decision, Evidence, Fields
from ingest.steps.evidence import evidence_of
from ingest.steps.port import Item, Result
from ingest.types import Status


class ClassifyStep:
    """Asks the arbiter, or takes a person's word, and describes the record."""

    name = "classify"

    def __init__(self, records: RecordService, plan: Plan) -> None:
        self._records = records
        self._plan = plan

    def run(self, item: Item) -> Result:
        evidence = evidence_of(item)
        decision, actor = self._decide(item, evidence)
        detail: dict[str, object] = {
            "class": decision.class_code,
            "runner_up": decision.runner_up,
            "trade_type": decision.trade_type,
            "confidence": round(decision.confidence, 3),
            "reasons": [{"code": reason.code, "params": dict(reason.params)} for reason in decision.reasons],
            "round": decision.round,
            "correction": decision.correction,
            "plan": self._plan.id,
        }
        if decision.needs_person or decision.class_code is None or decision.trade_type is None:
            last = decision.reasons[-1] if decision.reasons else None
            code = last.code if last else "class-unknown"
            return Result(Status.WAITING, code, dict(last.params) if last else {}, detail)
        return self._settled(item, evidence, decision, actor, detail)

    def _settled(
        self, item: Item, evidence: Evidence, decision: Decision, actor: Actor, detail: dict[str, object]
    ) -> Result:
        assert decision.class_code is not None
        cls = self._plan.document_class(decision.class_code)
        fields = read_fields(evidence)
        placement = self._placement(item, cls, decision, fields)
        values = _described(fields)

        def write(uow: UnitOfWork, record: Record) -> None:
            body: dict[str, JSON] = {
                "class": cls.code,
                "plan": self._plan.id,
                "trade_type": placement.trade_type,
                "level": str(placement.level),
                "released": moment_text(placement.released_from) if placement.released_from else None,
            }
            act = Act(EventType.RECORD_CLASSIFIED, actor, body)
            self._records.classify(uow, record, placement, values, act)

        return Result(Status.DONE, detail=detail, write=write)

    def _decide(self, item: Item, evidence: Evidence) -> tuple[Decision, Actor]:
        decision = classify(evidence, self._plan)
        chosen = item.decision.choice.get("class_code") if item.decision else None
        if not isinstance(chosen, str) or item.decision is None:
            return decision, SYSTEM_ACTOR
        try:
            cls = self._plan.document_class(chosen)
        except NotFound:
            return decision, SYSTEM_ACTOR
        trade = decision.trade_type if decision.trade_type in cls.trades else None
        by_person = replace(
            decision,
            class_code=cls.code,
            doc_type=cls.doc_type,
            stage=cls.stage,
            trade_type=trade or (cls.trades[0] if cls.trades else decision.trade_type or "Z"),
            confidence=1.0,
            needs_person=False,
        )
        return by_person, Actor(item.decision.actor, item.decision.actor)

    def _placement(self, item: Item, cls: DocumentClass, decision: Decision, fields: Fields) -> Placement:
        published = item.version.published or (fields.published.value if fields.published else None)
        # What its source discloses to the government only is never public, whatever its class would allow.
        closed = item.version.hints.get("disclosure") == "government" and cls.access_level is AccessLevel.PUBLIC
        return Placement(
            class_code=cls.code,
            doc_type=cls.doc_type,
            trade_type=decision.trade_type or "",
            stage=cls.stage,
            level=AccessLevel.INTERNAL if closed else cls.access_level,
            released_from=None if closed else self._plan.release_moment(cls, published),
        )


def _described(fields: Fields) -> list[FieldValue]:
    single = {
        "project_name": fields.project_name,
        "project_code": fields.project_code,
        "tender_project_code": fields.tender_project_code,
        "unified_deal_code": fields.unified_deal_code,
        "region": fields.region,
    }
    found = [FieldValue(name, v.value, v.origin, v.confidence) for name, v in single.items() if v is not None]
    lists = {"section_codes": fields.section_codes, "section_names": fields.section_names}
    for name, values in lists.items():
        if values:
            joined = ";".join(value.value for value in values)
            found.append(FieldValue(name, joined, values[0].origin, min(value.confidence for value in values)))
    if fields.published is not None:
        moment = fields.published
        found.append(FieldValue("published", moment.value.isoformat(), moment.origin, moment.confidence))
    return found
