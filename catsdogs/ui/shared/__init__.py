"""Parts that several pages use.

cache.py                everything the app keeps between reruns, and when it expires
problems.py             errors shown where they happen, or noted for the next rerun
current_dataset.py      the dataset that all pages work on
photo_grid.py           a grid of thumbnails, usable by mouse and keyboard
pager.py                long lists in pages
task_card.py            a background task: progress, time left, cancel button
markdown.py             errors, paths and names made safe to show as Markdown
uploads.py              limits on uploads, and access to their bytes
closed_tabs.py          cleaning up after a closed tab
streamlit_internals.py  private parts of Streamlit, and the reason for each
"""
