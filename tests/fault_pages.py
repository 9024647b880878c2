"""Actions of a person on a page, as functions that ``tests/faulty.py`` calls while files fail.

Each prints what the page finally shows, and returns 1 if that is an error.
"""

import json
import re

from conftest import PROJECT
from hostile import photo
from streamlit.testing.v1 import AppTest


def correct(_words: list[str]) -> int:
    """Upload a picture to the Classify page and mark its answer as wrong."""
    app = _opened("pages/classify.py")
    upload = ("cat.jpg", photo(1), "image/jpeg")
    app.file_uploader(key="classify_files").set_value([upload]).run()
    _press(app, "classify_is_dog_")
    return _told(app, [info.value for info in app.info if "Marked as" in info.value])


def exclude(_words: list[str]) -> int:
    """Exclude all photos that the Dataset page shows; return whether none is left."""
    app = _opened("pages/dataset.py")
    if app.menu_button:
        app.menu_button(key="decide_all").click_index(0).run()
    return _told(app, [any("No photo matches" in info.value for info in app.info)])


def _opened(page: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "streamlit_app.py"), default_timeout=60)
    return app.switch_page(page).run()


def _press(app: AppTest, key: str) -> None:
    """Press the button whose key starts with this, unless the page shows an error instead."""
    button = next((one for one in app.button if (one.key or "").startswith(key)), None)
    if button is not None:
        button.click().run()


def _told(app: AppTest, shown: list) -> int:
    assert not app.exception, app.exception[0].stack_trace
    # Without the backslashes that escape Markdown.
    errors = [re.sub(r"\\(\W)", r"\1", error.value) for error in app.error]
    print(json.dumps({"error": " ".join(errors)} if errors else {"shown": shown}))
    return 1 if errors else 0
