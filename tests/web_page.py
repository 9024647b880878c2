"""An exported web page in a real browser that may not contact any address."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect


@contextmanager
def opened(browser: Browser, path: Path, **context: Any) -> Iterator[Page]:
    """Open a page from its file. Any other request, and any error in the page, fails."""
    requests, errors = [], []
    page = browser.new_context(offline=True, **context).new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.goto(path.as_uri())
    expect(page.get_by_role("status")).to_contain_text("Ready", timeout=30_000)
    yield page
    page.context.close()
    # Saved answers are a blob of the page's own.
    assert [url for url in requests if not url.startswith("blob:")] == [path.as_uri()]
    assert not errors, errors


def answers(page: Page, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Choose files, wait for the page's answers and save them, in the order of the files."""
    page.get_by_label("Choose pictures").set_input_files(files)
    cards = page.locator("#answers > li")
    expect(cards).to_have_count(len(files), timeout=120_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save answers").click()
    return json.loads(Path(download.value.path()).read_text("utf-8"))["pictures"]
