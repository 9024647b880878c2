"""Parts that several pages use.

cache.py            everything the app keeps between reruns, and when it expires
current_dataset.py  the dataset that all pages work on
photo_grid.py       a grid of thumbnails, usable by mouse and keyboard
task_card.py        a background task: progress, time left, cancel button
uploads.py          limits on uploads, and access to their bytes
leaving.py          cleaning up after a closed tab
told.py             errors, paths and names made safe to show
"""
