"""Getting the programs: from Debian's packages, from Maven, from source for MinIO. What is there is not got again."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from deploy.servers.places import Missing, Places

MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
ELASTICSEARCH = "9.2.0"
TIKA = "3.3.2"

_LEAST_JAVA = 21
_POLICY = Path("/usr/sbin/policy-rc.d")


def say(line: str) -> None:
    """Tell the person what takes long."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def debian(wanted: dict[str, Iterable[Path] | str]) -> None:
    """Install packages whose program is missing. `wanted` gives for each package a command, or paths to look for.

    Raises:
        Missing: they cannot be installed here.
    """
    missing = [package for package, seen in wanted.items() if not _there(seen)]
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise Missing(f"{' '.join(missing)} is missing. Install it (on Debian: apt install {' '.join(missing)}).")
    say(f"installing {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Packages would start servers of their own, on ports of their own; ours are started by us.
    guarded = not _POLICY.exists()
    if guarded:
        _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        _POLICY.chmod(0o755)
    try:
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *command], check=True, env=environment, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        raise Missing(f"apt-get could not install {' '.join(missing)}: see above.") from error
    finally:
        if guarded:
            _POLICY.unlink(missing_ok=True)


def _there(seen: Iterable[Path] | str) -> bool:
    return shutil.which(seen) is not None if isinstance(seen, str) else any(seen)


def maven(places: Places, artifact: str, name: str) -> Path:
    """A file from Maven, in the cache as `name`.

    Raises:
        Missing: it cannot be got.
    """
    target = places.cache / name
    if target.exists():
        return target
    debian({"maven": "mvn"})
    say(f"getting {artifact}")
    group, item, version, kind = artifact.split(":")
    repository = places.cache / "maven"
    given = [f"-Dartifact={group}:{item}:{version}:{kind}", "-Dtransitive=false", f"-Dmaven.repo.local={repository}"]
    done = subprocess.run(["mvn", "-q", "-B", "dependency:get", *given], check=False, stdout=sys.stderr)
    found = repository.joinpath(*group.split("."), item, version, f"{item}-{version}.{kind}")
    if done.returncode or not found.exists():
        raise Missing(f"Maven could not get {artifact}: see above.")
    staged = target.with_suffix(".new")
    shutil.copyfile(found, staged)
    staged.replace(target)
    return target


def elasticsearch(places: Places) -> Path:
    """The folder of the Elasticsearch distribution. Raises as `maven`."""
    folder = places.cache / f"elasticsearch-{ELASTICSEARCH}"
    if folder.is_dir():
        return folder
    artifact = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{ELASTICSEARCH}:zip"
    packed = maven(places, artifact, f"elasticsearch-{ELASTICSEARCH}.zip")
    staged = places.cache / "elasticsearch.new"
    shutil.rmtree(staged, ignore_errors=True)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(staged)
    inner = staged / f"elasticsearch-{ELASTICSEARCH}"
    for script in (inner / "bin").iterdir():
        script.chmod(0o755)
    for spawned in inner.glob("modules/*/platform/*/bin/*"):
        spawned.chmod(0o755)
    inner.rename(folder)
    staged.rmdir()
    return folder


def tika(places: Places) -> Path:
    """The Tika server. Raises as `maven`."""
    return maven(places, f"org.apache.tika:tika-server-standard:{TIKA}:jar", f"tika-server-{TIKA}.jar")


def minio(places: Places) -> Path:
    """The MinIO server, built from its last source: upstream no longer ships programs.

    Raises:
        Missing: there is no Go, or it cannot be built.
    """
    target = places.cache / "minio"
    if target.exists():
        return target
    if not shutil.which("go"):
        raise Missing("MinIO is built from source, for which Go 1.24 or newer is needed: install it and try again.")
    say("building MinIO, which takes some minutes")
    staged = places.cache / "minio.new"
    environment = {**os.environ, "GOBIN": str(staged), "CGO_ENABLED": "0"}
    if subprocess.run(["go", "install", MINIO], check=False, env=environment, stdout=sys.stderr).returncode:
        raise Missing("MinIO could not be built: see above.")
    (staged / "minio").replace(target)
    shutil.rmtree(staged, ignore_errors=True)
    return target


def java(least: int = _LEAST_JAVA) -> Path:
    """The home of a JDK that is new enough, the oldest such.

    Raises:
        Missing: there is none; Debian 12 has none to install.
    """
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += [path for path in Path("/usr/lib/jvm").glob("*") if (path / "bin" / "java").exists()]
    fitting = sorted((version, home) for home in homes if (version := _java_version(home)) >= least)
    if fitting:
        return fitting[0][1]
    if os.geteuid() == 0 and shutil.which("apt-get") and _offered(f"openjdk-{least}-jre-headless"):
        debian({f"openjdk-{least}-jre-headless": []})
        return java(least)
    raise Missing(
        f"A Java of version {least} or newer is needed and was not found under JAVA_HOME or /usr/lib/jvm. Install one "
        f"(Debian 13, Ubuntu 24.04: apt install openjdk-{least}-jre-headless; Debian 12: Temurin), or use "
        "deploy/compose.yaml."
    )


def _java_version(home: Path) -> int:
    try:
        lines = (home / "release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    versions = [line.partition('"')[2].rstrip('"') for line in lines if line.startswith("JAVA_VERSION=")]
    head = versions[0].split(".")[0] if versions else ""
    return int(head) if head.isdigit() else 0


def _offered(package: str) -> bool:
    subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=sys.stderr)
    shown = subprocess.run(["apt-cache", "show", package], check=False, capture_output=True)
    return shown.returncode == 0
