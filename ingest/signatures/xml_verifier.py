"""Whether one XML signature holds, by the library, and who vouches for it, by the trust list."""

import base64
import binascii
from dataclasses import replace

from asn1crypto import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import Certificate, load_der_x509_certificate
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from ingest.outcomes import Observation
from ingest.signatures.certificates import loaded_evidence
from ingest.signatures.cms import BROKEN, Judging, Moment, judged_signer, unjudged
from ingest.signatures.naming import readable
from ingest.signatures.types import Integrity, Judged, Trust

DSIG = "http://www.w3.org/2000/09/xmldsig#"
"""The namespace of XML signatures."""

_CERTIFICATES = 50
_BASE64 = f"{DSIG}base64"
_TRANSFORMS = frozenset(
    {_BASE64, *(each.value for each in CanonicalizationMethod), *(each.value for each in SignatureConstructionMethod)}
)
_DIGESTS = frozenset(each.value for each in DigestAlgorithm)
# Keyed digests prove nothing to somebody who does not share the key.
_METHODS = frozenset(each.value for each in SignatureMethod if "HMAC" not in each.name)
_WEAK = "SHA1"


class _Chosen(XMLVerifier):
    """Verifies one signature of several: the library by itself takes the first that it meets."""

    def __init__(self, number: int) -> None:
        self._number = number

    def _get_signature(self, root: etree._Element) -> etree._Element:
        return list(root.iter(f"{{{DSIG}}}Signature"))[self._number]


def unknown_method(signature: etree._Element) -> str | None:
    """The first algorithm of a signature that is not known here: verified without it, everything would look altered."""
    wanted = (
        ("CanonicalizationMethod", frozenset(each.value for each in CanonicalizationMethod)),
        ("SignatureMethod", _METHODS),
        ("Transform", _TRANSFORMS),
        ("DigestMethod", _DIGESTS),
    )
    info = signature.find(f"./{{{DSIG}}}SignedInfo")
    if info is None:
        return "SignedInfo"
    for name, known in wanted:
        for element in info.iter(f"{{{DSIG}}}{name}"):
            if element.get("Algorithm", "") not in known:
                return element.get("Algorithm", "") or name
    return None


def judge_element(root: etree._Element, number: int, signature: etree._Element, judging: Judging) -> Judged:
    """What the signature that comes as number `number` in the file is worth."""
    method = _described(signature)
    ders = _certificates(signature)
    if not ders:
        return replace(unjudged("signature-without-certificate"), algorithm=method)
    try:
        certificate = _own([x509.Certificate.load(der, strict=True) for der in ders])
        signer = readable(certificate.subject)
        key = load_der_x509_certificate(certificate.dump())
        _ = key.public_key()
    except (UnsupportedAlgorithm, *BROKEN) as error:
        return replace(unjudged("certificate-unsupported", detail=type(error).__name__), algorithm=method)
    integrity, reasons = _integrity(root, number, key)
    weak = (Observation("signature-weak-algorithm", {"algorithm": "SHA-1"}),) if _is_weak(signature) else ()
    judged = Judged(integrity, Trust.NOT_CHECKED, signer=signer, algorithm=method, observations=weak + reasons)
    own = judging.evidence.joined(loaded_evidence(tuple(ders)))
    return judged_signer(judged, certificate, replace(judging, evidence=own), Moment())


def _integrity(root: etree._Element, number: int, key: Certificate) -> tuple[Integrity, tuple[Observation, ...]]:
    """Whether it holds. The library would compare the certificate with the clock, which is not its business here."""
    settings = SignatureConfiguration(
        expect_references=True,
        signature_methods=frozenset(SignatureMethod),
        digest_algorithms=frozenset(DigestAlgorithm),
        verification_time=key.not_valid_before_utc,
    )
    try:
        _Chosen(number).verify(root, x509_cert=key, expect_config=settings)
    except InvalidDigest:
        return Integrity.INVALID, (Observation("signature-altered"),)
    except InvalidSignature:
        return Integrity.INVALID, (Observation("signature-forged"),)
    except (SignXMLException, etree.LxmlError, binascii.Error, *BROKEN) as error:
        return Integrity.INVALID, (Observation("signature-malformed", {"detail": type(error).__name__}),)
    return Integrity.VALID, ()


def _certificates(signature: etree._Element) -> list[bytes]:
    ders: list[bytes] = []
    for element in signature.iterfind(f"./{{{DSIG}}}KeyInfo/{{{DSIG}}}X509Data/{{{DSIG}}}X509Certificate"):
        try:
            ders.append(base64.b64decode("".join((element.text or "").split()), validate=True))
        except (binascii.Error, ValueError):
            continue
        if len(ders) >= _CERTIFICATES:
            break
    return ders


def _own(certificates: list[x509.Certificate]) -> x509.Certificate:
    """The signer's own among `certificates`, which come in any order: the first that issued none of the others."""
    for each in certificates:
        if not any(other.issuer == each.subject for other in certificates if other is not each):
            return each
    return certificates[0]


def _described(signature: etree._Element) -> str:
    element = signature.find(f"./{{{DSIG}}}SignedInfo/{{{DSIG}}}SignatureMethod")
    uri = element.get("Algorithm", "") if element is not None else ""
    try:
        return SignatureMethod(uri).name.replace("_", " with ", 1).replace("SHA", "SHA-")
    except ValueError:
        return uri


def _is_weak(signature: etree._Element) -> bool:
    used = [
        element.get("Algorithm", "")
        for element in signature.iter(f"{{{DSIG}}}SignatureMethod", f"{{{DSIG}}}DigestMethod")
    ]
    weak = {each.value for kind in (SignatureMethod, DigestAlgorithm) for each in kind if _WEAK in each.name}
    return any(uri in weak for uri in used)
