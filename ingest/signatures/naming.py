"""How signers are named in what is kept and shown."""

import re

from asn1crypto import x509

# Authorities in China write the identity number of a person into the name on the certificate (GB 11643-1999).
_IDENTITY_NUMBER = re.compile(
    r"(?<![0-9])([1-9][0-9]{5})(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])"
)


def readable(name: x509.Name) -> str:
    """The name on a certificate as people read it, of an identity number the place alone."""
    return _IDENTITY_NUMBER.sub(r"\1************", str(name.human_friendly))
