"""Streamlit, and only here: the parts of the pages.

api.py     the routes of the service inside the app, and its thumbnails
home.py    the Home page
frame.py   the frame of every page: title, navigation, dataset, running runs
shared/    parts that several pages use
runs/      runs as several pages show them
exports/   a run's model as files to download, on several pages
dataset/   the Dataset page
train/     the Train page
compare/   the Compare page
one_run/   the Run page
classify/  the Classify page

The rooms of the pages do not import each other: shared parts are in ``shared/``, ``runs/`` or
``exports/``.
"""
