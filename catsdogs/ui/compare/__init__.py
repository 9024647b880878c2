"""The Compare page.

runs.py        all trained runs: table, spread over seeds, accuracy against cost
comparison.py  two runs: choice, verdict, metrics, curves
answers.py     both runs at one threshold: matrices, reports, charts
photos.py      the photos on which the two runs differ
export.py      the comparison as files
"""
