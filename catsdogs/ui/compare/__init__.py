"""The Compare page.

page.py      a comparison from top to bottom
choice.py    the two runs to compare
verdict.py   which of them is better, in a sentence
deciding.py  the photos that decide it
answers.py   both runs at one threshold: matrices, the photos of a cell, tabs with the details
chosen.py    the photos that somebody chose to see: of a cell, a mistake or a kind of photos
photos.py    a page of photos, and one of them in the viewer
tabs.py      metrics, charts and costs, each in a tab
slices.py    the kinds of photos on which a run is weaker, and their photos
runs.py      all trained runs: table, spread over seeds, overlaid curves
together.py  three to six runs in one table and one chart of each kind
export.py    the comparison as files
"""
