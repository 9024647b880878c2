"""Parts that several pages use.

cache.py                everything the app keeps between reruns, and when it expires
problems.py             errors shown where they happen, or noted for the next rerun
pages.py                the pages of the app, for links between them
steps.py                the five steps to a classifier in use, and which are done
tour.py                 a tour over the pages, and the card of its step
next_step.py            the primary button that ends a finished state
class_counts.py         the number of photos of each class, in a line
dataset_card.py         the sidebar's card of the current dataset, and the switch to another
run_chips.py            a run's short name in its own colour, with details behind it
photo_viewer.py         a large picture with heat maps, and its answers
open_photo.py           the photo that is open over a page, in the page's address
measured_photo.py       a photo that runs were measured on, and the link to its label
current_dataset.py      the dataset that all pages work on
matrix.py               a confusion matrix whose cells are buttons
photo_grid.py           a grid of thumbnails, usable by mouse and keyboard
thumbnail_lists.py      photos whose thumbnails a browser requests one by one
reported.py             what a part of the page reports to its callback
pager.py                long lists in pages
task_card.py            a background task: progress, time left, cancel button
markdown.py             errors, paths and names made safe to show as Markdown
machine_panel.py        help: what this machine offers, and what to do about each problem
uploads.py              limits on uploads, and access to their bytes
closed_tabs.py          cleaning up after a closed tab
sign_in.py              signing in, roles, and who acts
streamlit_internals.py  private parts of Streamlit, and the reason for each
"""
