"""Parts that several pages use.

cache.py            everything the app keeps between reruns, and when it expires
current_dataset.py  the dataset that all pages work on
photo_grid.py       a grid of thumbnails, usable by mouse and keyboard
task_card.py        a background task: progress, time left, cancel button
uploads.py          limits on uploads, and access to their bytes
closed_tabs.py      cleaning up after a closed tab
markdown.py         errors, paths and names made safe to show
pager.py            long lists in pages
problems.py         errors shown where they happen, or noted for the next rerun
streamlit_internals.py  private parts of Streamlit, and the reasons for using them
"""
