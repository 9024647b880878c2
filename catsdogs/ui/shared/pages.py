"""The pages of the app, for the navigation and for links between pages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """An entry of the navigation. ``script`` is relative to the project folder."""

    script: str
    title: str
    icon: str


HOME = Page("streamlit_app.py", "Home", ":material/home:")
DATASET = Page("pages/dataset.py", "Dataset", ":material/photo_library:")
TRAIN = Page("pages/train.py", "Train", ":material/model_training:")
COMPARE = Page("pages/compare.py", "Compare", ":material/balance:")
CLASSIFY = Page("pages/classify.py", "Classify", ":material/pets:")
# Links lead to it; it is not in the navigation.
RUN = Page("pages/run.py", "Run", ":material/article:")
PAGES = (HOME, DATASET, TRAIN, COMPARE, CLASSIFY)
