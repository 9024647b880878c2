"""The Run page.

page.py     one run from top to bottom
summary.py  its accuracy with the interval, what it is, and what to do with it
tabs.py     the details of a run, a subject a tab
answers.py  its metrics, its matrix, and the photos of a cell
slices.py   the kinds of photos on which it is weaker, and their photos
about.py    its origin, its settings, its machine, and how to verify it
"""
