"""The index on a server with TLS and logins, as a user who may touch its own names (`t…`) and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive.errors import Unavailable
from search.wiring import build_index
from tests.search_engines import SERVICES, fresh_address
from tests.services import service_url
from tests.unit.search.documents import ask, document, found

pytestmark = SERVICES


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_address("elasticsearch-secure") as address:
        yield address


def changed(url: str, before: str | None, after: str) -> str:
    assert before
    assert before in url
    return url.replace(before, after)


def test_everything_is_done_with_rights_on_the_own_names_only(url: str) -> None:
    index = build_index(url)
    assert (index.position(), found(index)) == (-1, set())
    index.apply([document("rec_1", ledger_index=1)], 1)
    with index.replacement() as new:
        new.apply([document("rec_2", ledger_index=2)], 2)
        new.promote(lambda: new.apply([document("rec_3", ledger_index=3)], 3))
    assert (found(index), index.count(), index.position()) == ({"rec_2", "rec_3"}, 2, 3)


def test_a_wrong_password_is_no_empty_index(url: str) -> None:
    password = urlsplit(url).password
    index = build_index(changed(url, password, "wrong-7-word"))
    for question in (lambda: ask(index), index.position, lambda: index.apply([document("rec_1")], 1)):
        with pytest.raises(Unavailable, match="search-login-refused") as refusal:
            question()
        assert "wrong-7-word" not in str(refusal.value)


def test_no_login_is_refused(url: str) -> None:
    parts = urlsplit(url)
    index = build_index(changed(url, f"{parts.username}:{parts.password}@", ""))
    with pytest.raises(Unavailable, match="search-login-refused"):
        ask(index)


def test_the_names_of_others_are_out_of_reach(url: str) -> None:
    index = build_index(changed(url, urlsplit(url).path, "/another"))
    for question in (lambda: ask(index), lambda: index.apply([document("rec_1")], 1)):
        with pytest.raises(Unavailable, match="search-login-refused"):
            question()


def test_a_certificate_of_an_unknown_authority_is_refused(url: str, tmp_path: Path) -> None:
    ca = next(part for part in urlsplit(url).query.split("&") if part.startswith("ca="))
    with pytest.raises(Unavailable, match="certificate verify failed"):
        ask(build_index(changed(url, ca + "&", "")))
    (tmp_path / "empty.pem").touch()
    with pytest.raises(Unavailable, match="search-unavailable"):
        ask(build_index(changed(url, ca, f"ca={tmp_path / 'empty.pem'}")))


def test_a_server_with_tls_is_not_spoken_to_without(url: str) -> None:
    plain = changed(url, "elastic+https", "elastic+http").partition("?")[0]
    with pytest.raises(Unavailable, match="search-unavailable"):
        ask(build_index(plain))


def test_the_address_of_the_secure_server_is_a_secure_one() -> None:
    assert service_url("elasticsearch-secure").startswith("elastic+https://")
