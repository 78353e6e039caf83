"""Certificates for trying encryption on this machine: an authority made here, known to nobody else."""

import subprocess
from pathlib import Path

_DAYS = "3650"
_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def make(folder: Path) -> None:
    """Put `ca.pem`, `http.pem` and `http.key` into a folder, unless they are there."""
    if (folder / "http.pem").exists():
        return
    folder.mkdir(exist_ok=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", _DAYS]
    authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Juanzong test authority"]
    _openssl(folder, "req", "-x509", *curve, *authority, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "http.key", "-out", "http.pem", "-subj", "/CN=localhost"]
    _openssl(
        folder, "req", "-x509", *curve, *signed, "-addext", _NAMES, "-addext", "basicConstraints=critical,CA:FALSE"
    )


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)
