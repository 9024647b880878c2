"""Signing in with a real provider of identities, in a real browser."""

import json
import shutil
import time
from base64 import urlsafe_b64encode
from importlib.util import find_spec

import pytest
import requests
from conftest import PROJECT
from identity_provider import ANN, COOKIE, COOKIE_SECRET, EMAIL, EVE, VIC, provider, settings
from playwright.sync_api import Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from catsdogs.sources.sample import draw_sample
from e2e.conftest import opened, serving, settle

# Looked for and not imported: they warn about parts of each other.
MISSING = [name for name in ("authlib", "httpx", "oidc_provider_mock") if not find_spec(name)]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

RUN, OWN = "reference-custom_cnn", "20300101-000000-custom_cnn-abcd"
HOURS = 20 / 3600


def build_world(folder):
    """Put a reference run, one that may be deleted, and a few drawings into ``folder``."""
    draw_sample(folder / "data" / "sample", images=40)
    shutil.copytree(PROJECT / "artifacts" / RUN, folder / "artifacts" / RUN)
    own = shutil.copytree(PROJECT / "artifacts" / RUN, folder / "artifacts" / OWN)
    about = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps({**about, "run": OWN, "reference": False}))
    return folder


@pytest.fixture(scope="module")
def identities():
    with provider() as url:
        yield url


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return build_world(tmp_path_factory.mktemp("signed"))


@pytest.fixture(scope="module")
def app(world, identities):
    with served(world, identities) as server:
        yield server


def served(world, identities, **options):
    secrets = world / "secrets.toml"
    return serving(
        world,
        before=settings(secrets, identities, **options),
        STREAMLIT_SECRETS_FILES=str(secrets),
    )


def sign_in(page: Page, app, name: str) -> None:
    page.goto(app.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()


def cookies(page: Page) -> dict[str, str]:
    return {one["name"]: one["value"] for one in page.context.cookies()}


def asked(app, page: Page, method: str = "GET", path: str = "/api/v1/runs"):
    return requests.request(method, app.url + path, cookies=cookies(page), timeout=60)


def test_nobody_sees_anything_before_signing_in(app, page):
    for path in ("", "/dataset", "/train", "/compare", "/classify"):
        page.goto(app.url + path)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.get_by_role("link", name="Train")).to_have_count(0)
        assert RUN not in page.content()
    assert asked(app, page).status_code == 401
    for path in ("/media/x.jpg", "/thumbnails/x/0", "/_stcore/upload_file/x/y", "/api/v1/metrics"):
        assert asked(app, page, path=path).status_code == 401, path
    forwarded = {"X-Forwarded-User": EMAIL[ANN], "X-Forwarded-Email": EMAIL[ANN]}
    assert requests.get(f"{app.url}/api/v1/runs", headers=forwarded, timeout=60).status_code == 401


def test_an_editor_signs_in_and_out(app, page, world):
    sign_in(page, app, ANN)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(page.get_by_text(f"{EMAIL[ANN]}, editor")).to_be_visible()
    assert asked(app, page).ok
    # A page of another origin has the cookie, but may not use it.
    foreign = {"Origin": "http://localhost:1"}
    answer = requests.get(
        f"{app.url}/api/v1/runs", headers=foreign, cookies=cookies(page), timeout=60
    )
    assert answer.status_code == 403
    remark(page, app, "Ann's own")
    remarks = json.loads((world / "artifacts" / OWN / "remarks.json").read_text())
    assert (remarks["name"], remarks["remarked_by"]) == ("Ann's own", EMAIL[ANN])
    # A page without an open popover, which could take the click.
    opened(page, f"{app.url}/compare", "Compare")
    settle(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/compare" not in url, wait_until="commit")
    page.wait_for_load_state()
    page.goto(app.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert asked(app, page).status_code == 401


def remark(page: Page, app, name: str) -> None:
    opened(page, f"{app.url}/train?run={OWN}", "Train")
    page.get_by_test_id("stMain").get_by_role("button", name="Rename").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(name).first).to_be_visible()
    settle(page)


def test_a_viewer_looks_and_deletes_nothing(app, page, world):
    sign_in(page, app, VIC)
    expect(page.get_by_text(f"{EMAIL[VIC]}, viewer")).to_be_visible()
    assert asked(app, page).ok
    for method, path in (("DELETE", f"/api/v1/runs/{OWN}"), ("POST", "/api/v1/train")):
        answer = requests.request(
            method,
            app.url + path,
            cookies=cookies(page),
            json={"model": "custom_cnn", "data": str(world)},
            timeout=60,
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "role")
    opened(page, f"{app.url}/train?run={OWN}", "Train")
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("button", name="Delete this run").click()
    expect(page.get_by_text("who is a viewer").first).to_be_visible()
    assert (world / "artifacts" / OWN / "config.json").is_file()


def test_a_person_without_a_role_does_not_enter(app, page):
    sign_in(page, app, EVE)
    expect(page.get_by_text("may not use this app")).to_be_visible()
    expect(page.get_by_role("link", name="Train")).to_have_count(0)
    assert asked(app, page).status_code == 401


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(COOKIE_SECRET[:-1] + "x", id="another"),
        pytest.param("", id="empty", marks=pytest.mark.long),
    ],
)
def test_a_forged_cookie_opens_nothing(app, page, secret):
    claims = {"email": EMAIL[ANN], "iat": time.time(), "is_logged_in": True, "origin": app.url}
    forged = create_signed_value(secret or "x", COOKIE, json.dumps(claims)).decode()
    if not secret:
        forged = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    page.context.add_cookies([{"name": COOKIE, "value": forged, "url": app.url}])
    page.goto(app.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert asked(app, page).status_code == 401


def test_a_forged_id_token_opens_nothing(world, page):
    with provider(forges=True) as identities, served(world, identities) as app:
        sign_in(page, app, ANN)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert COOKIE not in cookies(page)
        assert asked(app, page).status_code == 401


def test_a_sign_in_expires_on_an_open_page(world, identities, page):
    with served(world, identities, hours=HOURS) as app:
        sign_in(page, app, ANN)
        expect(page.get_by_text(f"{EMAIL[ANN]}, editor")).to_be_visible()
        assert asked(app, page).ok
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert asked(app, page).status_code == 401


def test_a_program_uses_the_token(world, identities):
    token = "a-token-of-the-tests-0123456789"
    secrets = world / "secrets.toml"
    more = {"STREAMLIT_SECRETS_FILES": str(secrets), "CATSDOGS_API_TOKEN": token}
    with serving(world, before=settings(secrets, identities), **more) as app:
        own = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{app.url}/api/v1/runs", headers=own, timeout=60).ok
        own["Authorization"] += "x"
        assert requests.get(f"{app.url}/api/v1/runs", headers=own, timeout=60).status_code == 401
