"""The key that signs checkpoints: an Ed25519 key in a file that only its owner can read."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from archive.errors import Conflict, InvalidInput
from archive.ledger.checkpoint import Checkpoint, Signature, SignedCheckpoint
from archive.ledger.trust import Trust, TrustedKey, dump_trust, valid_name


class Signer:
    """Signs checkpoints of one ledger. `name` is its origin and also the name in the signature line."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        if not valid_name(name):
            raise InvalidInput("ledger-origin", name=name)
        self.name = name
        self._key = key
        self.trusted_key = TrustedKey(name, key.public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint) -> SignedCheckpoint:
        """The checkpoint with this key's signature line."""
        value = self._key.sign(checkpoint.text().encode())
        return SignedCheckpoint(checkpoint, (Signature(self.name, self.trusted_key.key_hash, value),))

    def trust(self) -> Trust:
        """What others need to check what this key signs."""
        return Trust(self.name, (self.trusted_key,))


def create_key(path: Path) -> None:
    """Make a new key at `path`: PKCS #8 in PEM, mode 0600, durable before it is named.

    Raises:
        Conflict: there is a key already; it is never replaced.
    """
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    staged = path.with_name(f".{path.name}.{os.getpid()}.new")
    staged.unlink(missing_ok=True)
    try:
        _write(staged, pem, 0o600)
        # A link, unlike a rename, fails where something is already there.
        os.link(staged, path)
    except FileExistsError as error:
        raise Conflict("ledger-key-exists", path=path) from error
    finally:
        staged.unlink(missing_ok=True)
    _sync_directory(path.parent)


def load_signer(path: Path, origin: str) -> Signer:
    """The signer for the ledger called `origin` with the key at `path`.

    Raises:
        InvalidInput: there is no key, others can read it, or it is no unencrypted Ed25519 key; or `origin` cannot
            stand in a note.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise InvalidInput("ledger-key-readable", path=path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput("ledger-key-unusable", path=path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput("ledger-key-unusable", path=path)
    return Signer(origin, key)


def write_trust(path: Path, trust: Trust) -> None:
    """Put the trust file at `path`, whole or not at all."""
    staged = path.with_name(f".{path.name}.{os.getpid()}.new")
    staged.unlink(missing_ok=True)
    _write(staged, dump_trust(trust), 0o644)
    staged.replace(path)
    _sync_directory(path.parent)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
