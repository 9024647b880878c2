"""Tests share a browser profile, and none sees what another one left in it."""

import pytest
from conftest import served
from playwright.sync_api import Error

from e2e.conftest import fresh_page

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LEAVE = """async () => {
    localStorage.setItem("left", 1);
    sessionStorage.setItem("left", 1);
    document.cookie = "left=1";
    await new Promise(done => indexedDB.open("left").onsuccess = done);
    await (await caches.open("left")).put("/left", new Response("1"));
}"""
LEFT = """async () => [
    ...Object.keys(localStorage),
    ...Object.keys(sessionStorage),
    ...document.cookie.split(";").filter(Boolean),
    ...(await indexedDB.databases()).map(database => database.name),
    ...await caches.keys(),
]"""


def test_a_test_finds_nothing_that_another_test_left(browser):
    with served(b"<html>A page") as url:
        with fresh_page(browser) as page:
            page.goto(url)
            page.evaluate(LEAVE)
            page.context.grant_permissions(["clipboard-read"])
            assert len(page.evaluate(LEFT)) == 5
            assert is_granted(page)
        with fresh_page(browser) as page:
            page.goto(url)
            assert page.evaluate(LEFT) == []
            assert not is_granted(page)


def test_a_test_is_online_and_alone_after_one_that_was_offline_with_two_pages(browser):
    with served(b"<html>A page") as url:
        with fresh_page(browser) as page:
            other = page.context.new_page()
            page.context.set_offline(True)
            with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
                page.goto(url)
        assert other.is_closed()
        with fresh_page(browser) as page:
            assert page.goto(url).ok


def is_granted(page) -> bool:
    asked = page.evaluate(
        "navigator.permissions.query({name: 'clipboard-read'}).then(it => it.state)"
    )
    return asked == "granted"
