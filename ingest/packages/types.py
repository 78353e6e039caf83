"""What a validation of a package gives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from archive.errors import InvalidInput
from archive.messages import Language, render


class Kind(StrEnum):
    """What a package is, by its content.

    `bagit`: RFC 8493 and its drafts from 0.93. `csip`: an E-ARK information package (CSIP 2.x), a submission included.
    `dat93`: an offline transfer package of DA/T 93-2022. `dat103`: a filing package of DA/T 103-2024 Appendix D.
    `eep`: an encapsulation of DA/T 48-2009. `unknown`: none of these.
    """

    BAGIT = "bagit"
    CSIP = "csip"
    DAT93 = "dat93"
    DAT103 = "dat103"
    EEP = "eep"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """What a finding means: an error makes a package invalid, a warning and an information do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing found in a package. `code` is one of the message catalogue, `path` the place, "" for the whole."""

    code: str
    severity: Severity
    path: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: Language = "zh") -> str:
        """The sentence for people."""
        return render(self.code, self.params, language)


def require_no_error(findings: Iterable[Finding]) -> None:
    """Refuse what has errors under the code of the first, with the codes of all in its `findings`.

    Raises:
        InvalidInput: there is one.
    """
    broken = [finding for finding in findings if finding.severity is Severity.ERROR]
    if broken:
        codes = list(dict.fromkeys(finding.code for finding in broken))
        raise InvalidInput(broken[0].code, **broken[0].params, findings=codes)


@dataclass(frozen=True)
class PackageReport:
    """What was found in one package. `version` is the one it claims, "" where it claims none."""

    kind: Kind
    version: str
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether no rule of its kind is broken. A package of no known kind is never valid."""
        broken = any(finding.severity is Severity.ERROR for finding in self.findings)
        return self.kind is not Kind.UNKNOWN and not broken

    def require_valid(self) -> None:
        """Refuse a package that breaks a rule of its kind, as `require_no_error` says.

        Raises:
            InvalidInput: it does.
        """
        require_no_error(self.findings)

    def value(self) -> dict[str, object]:
        """The report as programs get it."""
        return {
            "kind": str(self.kind),
            "version": self.version,
            "valid": self.valid,
            "findings": [
                {
                    "code": finding.code,
                    "severity": str(finding.severity),
                    "message": finding.message(),
                    "path": finding.path,
                }
                for finding in self.findings
            ],
        }
