"""Suggested labels for photos that have none, and the order in which to label them.

head.py       a linear classifier of vectors, with calibrated probabilities
by_run.py     the answers of a finished run, until the user's answers teach more
order.py      which photos teach the classifier most: different ones first, then doubtful ones
learning.py   one round: learn from the labels so far, suggest labels for the other photos
suggested.py  the suggestions of the last round: typed, cached
history.py    how good the suggestions were after each round, in a log
task.py       a round as a background task
"""
