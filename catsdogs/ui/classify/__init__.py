"""The Classify page.

inputs.py      pictures from files, ZIPs, the camera, the clipboard, a drawing
runs.py        which runs answer, and how their numbers become a label
answers.py     the runs' answers, computed once per picture
results.py     the answers: counts, table, contact sheet
summary.py     counts, unreadable files, share of right answers
selection.py   which answers to show, and in which order
detail.py      one picture: each run's answer and its evidence
evidence.py    the most similar training photos, behind "neither"
feedback.py    "Wrong?": keep a copy under the right label, or take it back
folder_job.py  a whole folder, classified by a background task
"""
