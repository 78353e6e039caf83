"""What codes are called: classes, trades, regions, retention periods of the plan; states and events of the program."""

from archive.messages import render
from archive.plan.types import Plan
from archive.volumes.closing import NO_RULE
from archive.volumes.gate import GATE_MARK
from web.words import Words


class Names:
    """Names in the language of one page; what the plan itself names stays in the plan's Chinese."""

    def __init__(self, plan: Plan, words: Words) -> None:
        self._plan = plan
        self._words = words

    def __call__(self, kind: str, value: object) -> str:
        """The name of a value of the program, such as `("state", "filed")`."""
        return self._words.name(kind, value)

    def document_class(self, code: str | None) -> str:
        """What a class is called; the code of an unknown one."""
        if code == NO_RULE:
            return self._words("volume.no-rule")
        if code is not None and code.startswith(GATE_MARK):
            return render(code.removeprefix(GATE_MARK), {}, self._words.language)
        found = self._plan.classes.get(code or "")
        return found.doc_type if found else code or self._words("record.unclassified")

    def trade(self, letter: str | None) -> str:
        """What a trade type is called."""
        if self._words.language == "en":
            return self._words.name("trade", letter or "")
        return self._plan.trade_names.get(letter or "", letter or "")

    def region(self, code: str) -> str:
        """What a region is called; the code of one the plan does not know."""
        found = self._plan.regions.get(code)
        return found.name if found else code

    def retention(self, code: str | None) -> str:
        """What a retention period is called."""
        found = self._plan.retentions.get(code or "")
        if found is None:
            return code or ""
        if self._words.language == "zh":
            return found.name
        return self._words("retention.years", n=found.years) if found.years else self._words("retention.permanent")

    def trades(self) -> list[tuple[str, str]]:
        """Every trade letter with its name."""
        return [(letter, self.trade(letter)) for letter in self._plan.trade_names]

    def regions(self) -> list[tuple[str, str]]:
        """Every region with its name."""
        return [(code, region.name) for code, region in self._plan.regions.items()]

    def doc_types(self) -> list[str]:
        """Every type of document that is published, once, in the order of the plan."""
        public = (cls.doc_type for cls in self._plan.classes.values() if cls.access_level == "public")
        return list(dict.fromkeys(public))

    def classes(self) -> list[tuple[str, str]]:
        """Every class with its stage and name, for choosing one."""
        return [(cls.code, f"{cls.category} · {cls.stage} · {cls.doc_type}") for cls in self._plan.classes.values()]
