"""Sessions, forms and headers."""

import re

import httpx
import pytest

from tests.functional.pages.world import ARCHIVIST, INSPECTOR, World, token


def test_a_page_for_staff_leads_to_the_login_and_back(pages: World) -> None:
    with pages.client() as client:
        answer = client.get("/console/records?state=filed")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?next=%2Fconsole%2Frecords%3Fstate%3Dfiled"
        html = client.get(answer.headers["location"]).text
        form = {"name": ARCHIVIST[0], "password": ARCHIVIST[1], "csrf": token(html)}
        back = re.search(r'name="next" value="([^"]*)"', html)
        assert back is not None
        answer = client.post("/login", data=form | {"next": back[1]})
        assert answer.headers["location"] == "/console/records?state=filed"


@pytest.mark.parametrize(("account", "first"), [(ARCHIVIST, "/console"), (INSPECTOR, "/desk")])
def test_everybody_starts_at_their_own_work(pages: World, account: tuple[str, str], first: str) -> None:
    with pages.client(account) as client:
        assert client.get("/login").headers["location"] == first


@pytest.mark.parametrize("onward", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"])
def test_a_login_never_leads_to_another_site(pages: World, onward: str) -> None:
    with pages.client() as client:
        form = {"name": INSPECTOR[0], "password": INSPECTOR[1], "csrf": token(client.get("/login").text)}
        assert client.post("/login", data=form | {"next": onward}).headers["location"] == "/desk"


def test_the_session_cookie_is_out_of_reach_and_ends_with_the_logout(own_pages: World) -> None:
    with own_pages.client(ARCHIVIST) as client:
        session = client.cookies["juanzong_session"]
        form = {"csrf": token(client.get("/console").text)}
        assert client.post("/logout", data=form).status_code == 303
    with own_pages.client() as client:
        client.cookies.set("juanzong_session", session)
        assert client.get("/console").status_code == 303


def test_cookies_are_http_only_and_same_site(pages: World) -> None:
    with pages.client() as client:
        page = client.get("/login")
        form = {"name": INSPECTOR[0], "password": INSPECTOR[1], "csrf": token(page.text)}
        cookies = [
            *page.headers.get_list("set-cookie"),
            *client.post("/login", data=form).headers.get_list("set-cookie"),
        ]
    kept = [cookie for cookie in cookies if "Max-Age=0" not in cookie]
    assert len(kept) == 2
    assert all("HttpOnly" in cookie and "samesite=lax" in cookie.lower() for cookie in kept)


def test_a_wrong_password_is_told_and_then_the_name_is_locked(own_pages: World) -> None:
    with own_pages.client() as client:
        wrong = {"name": "archivist", "password": "not the password", "csrf": token(client.get("/login").text)}
        for _ in range(5):
            answer = client.post("/login", data=wrong)
            assert answer.status_code == 401
            assert "用户名或密码不正确" in answer.text
        answer = client.post("/login", data=wrong | {"password": ARCHIVIST[1]})
        assert answer.status_code == 403
        assert "分钟后可再试" in answer.text
        assert "juanzong_session" not in client.cookies


@pytest.mark.parametrize("through", ["form", "api"])
def test_wrong_passwords_from_elsewhere_lock_nobody_out(own_pages: World, through: str) -> None:
    def attempt(client: httpx.Client, password: str) -> int:
        if through == "api":
            given = {"name": ARCHIVIST[0], "password": password}
            return client.post("/api/v1/session", json=given).status_code
        form = {"name": ARCHIVIST[0], "password": password, "csrf": token(client.get("/login").text)}
        return client.post("/login", data=form).status_code

    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=own_pages.url, timeout=30, transport=elsewhere) as stranger:
        assert [attempt(stranger, "not the password") for _ in range(6)] == [401] * 5 + [403]
    with own_pages.client() as client:
        assert attempt(client, ARCHIVIST[1]) in {201, 303}


@pytest.mark.parametrize("csrf", [None, "", "0" * 64])
def test_a_form_without_its_token_does_nothing(pages: World, csrf: str | None) -> None:
    body = {} if csrf is None else {"csrf": csrf}
    waiting = pages.records["n6"].id
    with pages.client(ARCHIVIST) as client:
        for address, fields in (
            (f"/console/review/{waiting}", {"choice": "retry", "reason": "再试一次"}),
            ("/logout", {}),
            (f"/desk/projects/{pages.records['n1'].project_id}/evidence", {}),
        ):
            answer = client.post(address, data=fields | body)
            assert answer.status_code == 403, address
            assert "form-expired" in answer.text
        assert client.get("/console").status_code == 200


def test_the_token_of_one_session_is_nothing_to_another(pages: World) -> None:
    with pages.client(ARCHIVIST, fresh=True) as one, pages.client(ARCHIVIST, fresh=True) as two:
        stolen = token(one.get("/console").text)
        assert two.post("/logout", data={"csrf": stolen}).status_code == 403


def test_a_login_form_of_another_browser_is_refused(pages: World) -> None:
    with pages.client() as one, pages.client() as two:
        form = {"name": INSPECTOR[0], "password": INSPECTOR[1], "csrf": token(one.get("/login").text)}
        assert two.post("/login", data=form).status_code == 403


def test_every_page_forbids_what_it_does_not_need(pages: World) -> None:
    with pages.client() as client:
        for address in ("/", "/login", "/nowhere", "/api/v1/search", "/static/style.css"):
            headers = client.get(address).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert re.fullmatch(r"[0-9a-f]{12}", headers["x-request-id"])


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        for address in (
            "/",
            f"/records/{pages.records['n1'].id}",
            "/console",
            f"/console/review/{pages.records['n6'].id}",
        ):
            html = client.get(address).text
            assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', html) == []
            assert "style=" not in html
            assert re.findall(r"<script(?![^>]*src=)|\son[a-z]+=", html) == []


def test_a_body_that_is_too_large_is_refused(pages: World) -> None:
    with pages.client() as client:
        answer = client.post("/login", content=b"name=" + b"x" * 1_100_000)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request-too-large"
        pieces = (b"x" * 100_000 for _ in range(11))
        answer = client.post("/api/v1/session", content=pieces, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request-too-large"
