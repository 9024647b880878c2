"""Runs as several pages show them.

cards.py    lists of runs, next steps, broken run folders
actions.py  buttons that stop, resume, extend and delete a run
remarks.py  the name, note and star that you give a run
origin.py   whether a run was shipped or made here, and what its metrics hide
note.py     the sidebar's note on active and ended runs
"""
