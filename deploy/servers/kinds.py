"""Each server: what it needs, how it is started, how one knows that it answers, and the address the archive takes."""

import hashlib
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.servers import certificates, getting
from deploy.servers.places import ROOT, Missing, Places, own, runs_as

State = dict[str, Any]
"""What is remembered of one server: its port, its password, its process."""

USER = "juanzong"
_HEAP = "-Xms1g -Xmx1g"


@dataclass(frozen=True)
class Start:
    """A command with its environment; an empty one needs nothing of ours."""

    command: list[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """One kind of server."""

    name: str
    install: Callable[[Places], object]
    start: Callable[[Places, State], Start]
    answers: Callable[[State], bool]
    url: Callable[[Places, State], str]


def postgres_tool(name: str) -> Path:
    """One of PostgreSQL's programs, of the newest release there is.

    Raises:
        Missing: there is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        raise Missing("PostgreSQL is missing. Install it (on Debian: apt install postgresql).")
    return found[-1] / name


def _install_postgres(places: Places) -> None:
    del places
    getting.debian({"postgresql": Path("/usr/lib/postgresql").glob("*/bin/initdb")})


def _start_postgres(places: Places, state: State) -> Start:
    folder = places.folder("postgres")
    data = folder / "data"
    if not data.exists():
        # Made beside and named when it is whole: interrupted, it is simply made again.
        secret, staged = folder / "password", folder / "data.new"
        shutil.rmtree(staged, ignore_errors=True)
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(state["password"], encoding="ascii")
        own(secret)
        command = [str(postgres_tool("initdb")), "-D", str(staged), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", f"--pwfile={secret}"]
        try:
            subprocess.run(command, check=True, capture_output=True, user=_switch(), cwd=folder)
        finally:
            secret.unlink()
        staged.rename(data)
    options = {"listen_addresses": "127.0.0.1", "port": state["port"], "unix_socket_directories": ""}
    options |= {"max_connections": 200, "shared_buffers": "256MB", "log_min_messages": "warning"}
    given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Start([str(postgres_tool("postgres")), "-D", str(data), *given], {})


def _url_postgres(places: Places, state: State) -> str:
    del places
    return f"postgresql+psycopg://{USER}:{state['password']}@127.0.0.1:{state['port']}/postgres"


def _start_minio(places: Places, state: State) -> Start:
    folder = places.folder("minio")
    data = folder / "data"
    data.mkdir(exist_ok=True)
    own(data)
    environment = {"MINIO_ROOT_USER": USER, "MINIO_ROOT_PASSWORD": state["password"], "HOME": str(folder)}
    environment |= {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "MINIO_CI_CD": "1"}
    command = [str(getting.minio(places)), "server", str(data), "--address", f"127.0.0.1:{state['port']}", "--quiet"]
    return Start(command, environment)


def _url_minio(places: Places, state: State) -> str:
    del places
    return f"s3+http://{USER}:{state['password']}@127.0.0.1:{state['port']}"


def _start_elasticsearch(places: Places, state: State) -> Start:
    folder = places.folder("elasticsearch")
    _configure(places, folder, state, {"xpack.security.enabled": "false"})
    return _elasticsearch(places, folder, _HEAP)


def _configure(places: Places, folder: Path, state: State, more: Mapping[str, str]) -> Path:
    """Write the configuration of an Elasticsearch server; where it lies."""
    config = folder / "config"
    shutil.rmtree(config, ignore_errors=True)
    shutil.copytree(getting.elasticsearch(places) / "config", config)
    lines = {"cluster.name": "juanzong", "discovery.type": "single-node", "network.host": "127.0.0.1"}
    lines |= {"http.port": str(state["port"]), "transport.port": str(state["distribution"]), **more}
    lines |= {"path.data": str(folder / "data"), "path.logs": str(folder / "logs")}
    # A developer's disk is often nearly full; a search server that then only reads helps nobody here.
    lines["cluster.routing.allocation.disk.threshold_enabled"] = "false"
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    (config / "elasticsearch.yml").write_text(text, encoding="utf-8")
    return config


def _elasticsearch(places: Places, folder: Path, heap: str) -> Start:
    for path in (folder, *folder.joinpath("config").rglob("*"), folder / "config"):
        own(path)
    environment = {"ES_JAVA_HOME": str(getting.java()), "ES_JAVA_OPTS": heap, "HOME": str(folder)}
    command = str(getting.elasticsearch(places) / "bin" / "elasticsearch")
    return Start([command], environment | {"ES_PATH_CONF": str(folder / "config")})


def _start_secure(places: Places, state: State) -> Start:
    """The same with encryption, a user and a role that may use indexes named `t…`, as a centre would run it."""
    folder = places.folder("elasticsearch-secure")
    http = "xpack.security.http.ssl"
    given = {"xpack.security.enabled": "true", "xpack.security.autoconfiguration.enabled": "false"}
    given |= {f"{http}.enabled": "true", f"{http}.certificate": "certs/http.pem", f"{http}.key": "certs/http.key"}
    config = _configure(places, folder, state, given)
    certificates.make(folder / "certs")
    shutil.copytree(folder / "certs", config / "certs")
    with (config / "roles.yml").open("a", encoding="utf-8") as roles:
        roles.write(f'{USER}:\n  indices:\n    - names: ["t*"]\n      privileges: [manage, read, write]\n')
    start = _elasticsearch(places, folder, "-Xms512m -Xmx512m")
    command = [str(getting.elasticsearch(places) / "bin" / "elasticsearch-users"), "useradd", USER]
    environ = {**os.environ, **start.environment}
    given_password = [*command, "-p", state["password"], "-r", USER]
    subprocess.run(given_password, check=True, capture_output=True, env=environ, user=_switch(), cwd=folder)
    return start


def _url_secure(places: Places, state: State) -> str:
    authority = places.runtime / "elasticsearch-secure" / "certs" / "ca.pem"
    return f"elastic+https://{USER}:{state['password']}@127.0.0.1:{state['port']}?ca={authority}"


def _install_secure(places: Places) -> None:
    getting.debian({"openssl": "openssl"})
    _install_elasticsearch(places)


def _url_elasticsearch(places: Places, state: State) -> str:
    del places
    return f"elastic+http://127.0.0.1:{state['port']}"


def _install_elasticsearch(places: Places) -> None:
    getting.java()
    getting.elasticsearch(places)


def _start_tika(places: Places, state: State) -> Start:
    folder = places.folder("tika")
    java = getting.java(least=17) / "bin" / "java"
    command = [str(java), "-Xmx128m", "-jar", str(getting.tika(places)), "-c", str(ROOT / "deploy" / "tika.xml")]
    return Start([*command, "-h", "127.0.0.1", "-p", str(state["port"])], {"HOME": str(folder)})


def _install_tika(places: Places) -> None:
    getting.java(least=17)
    getting.tika(places)


def _url_tika(places: Places, state: State) -> str:
    del places
    return f"http://127.0.0.1:{state['port']}"


def _install_rabbitmq(places: Places) -> None:
    del places
    getting.debian({"rabbitmq-server": Path("/usr/lib/rabbitmq/bin").glob("rabbitmq-server")})


def _start_epmd(places: Places, state: State) -> Start:
    folder = places.folder("rabbitmq")
    return Start(["epmd", "-address", "127.0.0.1", "-port", str(state["port"])], {"HOME": str(folder)})


def _start_rabbitmq(places: Places, state: State) -> Start:
    folder = places.folder("rabbitmq")
    config = folder / "rabbitmq.conf"
    lines = [f"listeners.tcp.1 = 127.0.0.1:{state['port']}", f"default_user = {USER}"]
    lines += [f"default_pass = {state['password']}", "log.console = true", "log.console.level = warning"]
    # The longest job is a long recording; the broker must not take its message back before.
    lines += ["consumer_timeout = 43200000", "disk_free_limit.absolute = 200MB"]
    config.write_text("\n".join(lines) + "\n", encoding="ascii")
    config.chmod(0o600)
    own(config)
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"juanzong-{_short(places)}@localhost",
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_DIST_PORT": str(state["distribution"]),
        "RABBITMQ_LOGS": "-",
        "ERL_EPMD_PORT": str(state["names"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    return Start(["/usr/lib/rabbitmq/bin/rabbitmq-server"], environment)


def _url_rabbitmq(places: Places, state: State) -> str:
    del places
    return f"amqp://{USER}:{state['password']}@127.0.0.1:{state['port']}/%2F"


def _start_redis(places: Places, state: State) -> Start:
    folder = places.folder("redis")
    config = folder / "redis.conf"
    lines = [f"port {state['port']}", "bind 127.0.0.1", f"dir {folder}", f"requirepass {state['password']}"]
    config.write_text("\n".join([*lines, "appendonly yes", 'save ""']) + "\n", encoding="ascii")
    config.chmod(0o600)
    own(config)
    return Start(["redis-server", str(config)], {})


def _url_redis(places: Places, state: State) -> str:
    del places
    return f"redis://:{state['password']}@127.0.0.1:{state['port']}/0"


def _start_clamd(places: Places, state: State) -> Start:
    """With definitions of ours, which know two files that harm nobody; the real ones are for freshclam to get."""
    folder = places.folder("clamd")
    for name in ("definitions", "temporary"):
        (folder / name).mkdir(exist_ok=True)
        own(folder / name)
    # A text of ours anywhere in a file, and the whole file that every scanner is tried with (eicar.org), by its MD5.
    text = b"JUANZONG-ANTIVIRUS-TEST-TEXT".hex()
    known = {"juanzong.ndb": f"Juanzong.Test.Text:0:*:{text}"}
    known["eicar.hdb"] = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature"
    for name, line in known.items():
        (folder / "definitions" / name).write_text(f"{line}\n", encoding="ascii")
    lines = ["Foreground yes", "TCPAddr 127.0.0.1", f"TCPSocket {state['port']}", "AlertExceedsMax yes"]
    lines += ["AlertEncrypted yes", f"DatabaseDirectory {folder / 'definitions'}", "StreamMaxLength 100M"]
    lines += [f"TemporaryDirectory {folder / 'temporary'}", "MaxFileSize 100M", "MaxScanSize 400M"]
    config = folder / "clamd.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Start(["/usr/sbin/clamd", f"--config-file={config}"], {"HOME": str(folder)})


def _install_clamd(places: Places) -> None:
    del places
    getting.debian({"clamav-daemon": Path("/usr/sbin").glob("clamd")})


def _url_clamd(places: Places, state: State) -> str:
    del places
    return f"tcp://127.0.0.1:{state['port']}"


def _short(places: Places) -> str:
    return hashlib.sha256(str(places.runtime).encode()).hexdigest()[:8]


def _switch() -> str | None:
    """The user to run as where it is another than ours."""
    return runs_as() if runs_as() == "nobody" else None


def _http(path: str) -> Callable[[State], bool]:
    def answers(state: State) -> bool:
        address = f"http://127.0.0.1:{state['port']}{path}"
        try:
            with urllib.request.urlopen(address, timeout=2) as response:
                return int(response.status) == 200
        except (OSError, urllib.error.URLError, ValueError):
            return False

    return answers


def _spoken(said: bytes, expected: bytes) -> Callable[[State], bool]:
    """Whether the server answers as its protocol says."""

    def answers(state: State) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", state["port"]), timeout=2) as connection:
                connection.sendall(said)
                return connection.recv(64).startswith(expected)
        except OSError:
            return False

    return answers


def _encrypted(state: State) -> bool:
    """Whether a server speaks TLS and asks who we are; who it is does not matter here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{state['port']}/_cluster/health", timeout=2, context=context):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 401
    except (OSError, ValueError):
        return False


# PostgreSQL answers a request for encryption with one letter, before anybody logs in.
_POSTGRES = _spoken(b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"N")
_RABBITMQ = _spoken(b"AMQP\x00\x00\x09\x01", b"\x01\x00\x00")
_REDIS = _spoken(b"PING\r\n", b"-NOAUTH")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("postgres", _install_postgres, _start_postgres, _POSTGRES, _url_postgres),
        Kind("minio", getting.minio, _start_minio, _http("/minio/health/ready"), _url_minio),
        Kind(
            "elasticsearch",
            _install_elasticsearch,
            _start_elasticsearch,
            _http("/_cluster/health?wait_for_status=yellow&timeout=1s"),
            _url_elasticsearch,
        ),
        Kind("elasticsearch-secure", _install_secure, _start_secure, _encrypted, _url_secure),
        Kind("tika", _install_tika, _start_tika, _http("/version"), _url_tika),
        Kind("rabbitmq", _install_rabbitmq, _start_rabbitmq, _RABBITMQ, _url_rabbitmq),
        Kind("clamd", _install_clamd, _start_clamd, _spoken(b"zPING\0", b"PONG"), _url_clamd),
        Kind("redis", lambda _: getting.debian({"redis-server": "redis-server"}), _start_redis, _REDIS, _url_redis),
    )
}


def new_state() -> State:
    """Ports nobody uses now, and a password nobody knows."""
    port, distribution, names = free_ports(3)
    return {"port": port, "distribution": distribution, "names": names, "password": secrets.token_urlsafe(18)}


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on, below those that the system gives to clients."""
    found: list[int] = []
    while len(found) < count:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def epmd(places: Places, state: State) -> Start:
    """The name server that RabbitMQ's runtime wants, on a port of its own so that no other is disturbed."""
    return _start_epmd(places, {"port": state["names"]})
