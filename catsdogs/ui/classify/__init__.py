"""The Classify page, and the first screen of Home.

bench.py        the two panes that both pages share
tray.py         the pictures of a session, kept when you change the page
inputs.py       the ways to give pictures: drop, paste, camera, folder, web address, examples
paste.py        a button that pastes, and Ctrl+V
live_camera.py  a camera whose frames are answered in the browser
examples.py     pictures to try
runs.py         the runs that answer, and how their numbers become a label
answers.py      the runs' answers, computed once per picture
results.py      the answers: a picture with a filmstrip, a table, a contact sheet
panes.py        one picture and its answer, side by side
verdict.py      the answer in large type, and whether the runs agree
evidence.py     the most similar training photos, behind "neither"
details.py      the numbers behind an answer
what_if.py      edits of the picture, and how the answers follow
edit_view.py    an edited picture with a slider or a brush, and its curves
insight.py      the evidence from outside and inside: covered parts, feature maps, filters
summary.py      counts, unreadable files, share of right answers
selection.py    which answers to show, and in which order
feedback.py     "Wrong?": keep a copy under the right label, and its undo
folder_job.py   a whole folder, classified by a background task
"""
