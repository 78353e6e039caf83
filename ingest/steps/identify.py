"""Step identify: what each component is, told by its content. Everything about the file is found out in the same go."""

from collections.abc import Mapping
from datetime import datetime
from itertools import product

from archive.clock import Clock
from archive.records.types import Component
from ingest.examining.examiner import Examiner, unverified
from ingest.examining.types import Examination
from ingest.extractors.reading import Reading
from ingest.outcomes import Observation
from ingest.signatures.twins import twins
from ingest.signatures.types import Signature
from ingest.steps.port import Item, Result
from ingest.types import Status


class ComponentReader:
    """Looks into components. One per process, shared by the steps that need to know what is in a file."""

    def __init__(self, examiner: Examiner, clock: Clock) -> None:
        self._examiner = examiner
        self._clock = clock

    def examination_of(self, item: Item, component: Component) -> Examination:
        """The examination of a component, made once per run of the pipeline over a record.

        Raises:
            Damaged: the stored bytes are missing.
            Unavailable: something that is needed for looking does not answer.
        """
        if component.id not in item.examinations:
            with item.open(component) as stream:
                examination = self._examiner.examine(stream, component.name, self._clock.now(), component.media_type)
            item.examinations[component.id] = examination
        return item.examinations[component.id]

    def reading_of(self, item: Item, component: Component) -> Reading:
        """What reading a component gave. Raises as `examination_of`."""
        return self.examination_of(item, component).reading

    def twins_of(self, item: Item) -> Mapping[str, tuple[Signature, ...]]:
        """The detached signatures among the components, verified, by the id of the component that was signed.

        Raises:
            Damaged: the stored bytes are missing.
            Unavailable: something that is needed for looking does not answer.
        """
        named: dict[str, list[Component]] = {}
        for component in item.files():
            named.setdefault(component.name, []).append(component)
        found: dict[str, tuple[Signature, ...]] = {}
        for signature_name, content_name in twins(list(named)).items():
            for twin, signed in product(named[signature_name], named[content_name]):
                verified = self._verified(item, twin, signed, alone=len(named[content_name]) == 1)
                found[signed.id] = (*found.get(signed.id, ()), verified)
        return found

    def now(self) -> datetime:
        """The moment at which everything is judged."""
        return self._clock.now()

    def _verified(self, item: Item, twin: Component, signed: Component, *, alone: bool) -> Signature:
        if not alone:
            # Several documents have this name, and it is the only thing that ties a signature to one of them.
            return unverified(Observation("signature-twin-unclear"))
        with item.open(twin) as signature, item.open(signed) as content:
            return self._examiner.verify_twin(signature, content, self._clock.now())


class IdentifyStep:
    """Finds out the format of every file; a format nobody knows is a finding for the checks, not a failure here."""

    name = "identify"

    def __init__(self, reader: ComponentReader) -> None:
        self._reader = reader

    def run(self, item: Item) -> Result:
        found = [_describe(component, self._reader.reading_of(item, component)) for component in item.files()]
        return Result(Status.DONE, detail={"components": found})


def _describe(component: Component, reading: Reading) -> dict[str, object]:
    identified = reading.identified
    return {
        "component": component.id,
        "puid": identified.puid,
        "mime": identified.mime,
        "label": identified.label,
        "basis": identified.basis,
        "certainty": str(identified.certainty),
        "warning": identified.warning,
    }
