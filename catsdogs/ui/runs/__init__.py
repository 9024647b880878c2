"""Runs as several pages show them.

cards.py            which run to show, how one ended, broken run folders
forecast.py         how long a run will take
overview.py         Home below the answer: the dataset, the runs, the next step
actions.py          buttons that stop, resume, extend and delete a run
remarks.py          the name, note and star that you give a run
origin.py           whether a run was shipped or made here, and what its metrics hide
answered_photos.py  validation photos with the answer of a run, one of them in the viewer
cluster_tiles.py    clusters of similar photos, each with its most typical one
test_set.py         metrics on the locked test sets, once somebody has looked
log.py              the command that repeats a run, the end of its log, skipped photos
notifications.py    notifications of the browser when a run ends
sidebar.py          the sidebar's note on active and ended runs
"""
