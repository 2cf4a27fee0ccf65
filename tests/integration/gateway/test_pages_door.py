"""The pages' door: signing in by form, and what every page sends along."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.gateway.conftest import PASSWORDS, Door


def csrf(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(pages: FlaskClient, login: str, password: str | None = None, **fields: str) -> TestResponse:
    token = csrf(pages.get("/sign-in"))
    form = {"csrf_token": token, "username": login, "password": password or PASSWORDS[login], **fields}
    return pages.post("/sign-in", data=form)


def cookie(pages: FlaskClient) -> Any:
    return pages.get_cookie("siglab")


def test_a_stranger_is_led_to_a_form_with_a_csrf_token(pages: FlaskClient) -> None:
    answer = pages.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    page = pages.get("/sign-in")
    assert page.status_code == 200
    assert "<form" in page.text
    assert csrf(page)


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/static/siglab.css", "/static/none.css"])
def test_every_answer_is_hardened(pages: FlaskClient, path: str) -> None:
    headers = pages.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_pages_have_nothing_inline(pages: FlaskClient) -> None:
    page = pages.get("/sign-in").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        answer = pages.get(address)
        assert answer.status_code == 200, address
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert not address.endswith("?v=none")


def test_signing_in_and_out(door: Door, pages: FlaskClient) -> None:
    before = cookie(pages)
    answer = sign_in(pages, "clara")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    held = cookie(pages)
    assert held.http_only
    assert held.same_site == "Lax"
    assert before is None or before.value != held.value
    page = pages.get("/no-such-page")
    assert page.status_code == 404
    assert "Clara" in page.text
    with pages.session_transaction() as session:
        token = session["token"]
    assert pages.post("/sign-out", data={"csrf_token": csrf(page)}).headers["Location"] == "/sign-in"
    assert door.call("GET", "/items", token=token).status_code == 401
    assert pages.get("/no-such-page").status_code == 303


def test_a_wrong_password_says_so_and_keeps_the_name(pages: FlaskClient) -> None:
    answer = sign_in(pages, "clara", "wrong")
    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert 'value="clara"' in answer.text
    assert "wrong</" not in answer.text.replace("is wrong.</", "")


@pytest.mark.rule("E18")
def test_the_form_has_the_same_lock_as_the_api(pages: FlaskClient) -> None:
    said = [sign_in(pages, "nobody", f"guess {n}") for n in range(11)]
    assert [answer.status_code for answer in said] == [401] * 10 + [429]
    assert int(said[-1].headers["Retry-After"]) >= 1


def test_forms_without_their_token_do_nothing(door: Door, pages: FlaskClient) -> None:
    form = {"username": "clara", "password": PASSWORDS["clara"]}
    assert pages.post("/sign-in", data=form).status_code == 400
    sign_in(pages, "clara")
    for forged in ({}, {"csrf_token": "forged"}):
        answer = pages.post("/sign-out", data=forged)
        assert answer.status_code == 400
        assert "too old" in answer.text
    assert pages.get("/no-such-page").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "onward"),
    [
        ("/exhibits?q=S26&limit=5", "/exhibits?q=S26&limit=5"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\tevil", "/"),
        ("/sign-out", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_a_page_of_ours(pages: FlaskClient, wanted: str, onward: str) -> None:
    assert sign_in(pages, "clara", next=wanted).headers["Location"] == onward


def test_the_way_back_survives_the_sign_in(pages: FlaskClient) -> None:
    answer = pages.get("/exhibits?q=S26&state=blocked")
    assert answer.headers["Location"] == "/sign-in?next=/exhibits%3Fq%3DS26%26state%3Dblocked"
    page = pages.get(answer.headers["Location"])
    assert 'name="next" value="/exhibits?q=S26&amp;state=blocked"' in page.text


def test_a_stranger_cannot_send_much(pages: FlaskClient) -> None:
    answer = pages.post("/sign-in", data={"username": "x" * 100_000})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_an_ended_session_is_a_stranger_again(door: Door, pages: FlaskClient) -> None:
    sign_in(pages, "clara")
    door.clock.pass_by(hours=13)
    assert pages.get("/no-such-page").status_code == 303
    assert sign_in(pages, "clara").status_code == 303
