"""What the robots.txt of a host allows (RFC 9309), asked once for each host."""

from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser


class Robots:
    """Rules by host. `read` gives the robots.txt behind an address, "" where there is none."""

    def __init__(self, agent: str, read: Callable[[str], str]) -> None:
        self._agent = agent
        self._read = read
        self._rules: dict[str, RobotFileParser] = {}

    def allow(self, address: str) -> bool:
        """Whether we may go there. Raises what reading the rules raises: unread, they allow nothing."""
        parts = urlsplit(address)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._rules:
            rules = RobotFileParser()
            rules.parse(self._read(f"{host}/robots.txt").splitlines())
            self._rules[host] = rules
        return self._rules[host].can_fetch(self._agent, address)
