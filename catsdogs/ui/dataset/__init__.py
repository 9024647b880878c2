"""The Dataset page.

picker.py     choose, fetch or draw a dataset
gallery.py    thumbnails, a page at a time
filters.py    the gallery's filter, stored in the page's address
photo.py      one photo in full, with what is known about it
health.py     the health check and its findings
charts.py     the dataset's charts; a selection filters the gallery
review.py     the review queue: doubtful photos one by one
decisions.py  buttons that decide about photos, and undo
"""
