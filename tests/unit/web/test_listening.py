"""The address that is listened on."""

import socket

import pytest

from archive.errors import Unavailable
from web.main import listening


def test_no_answer_waits_for_the_acknowledgement_of_its_head() -> None:
    with listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_that_is_taken_is_named() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Unavailable, match="web-address"):
            listening("127.0.0.1", port)
