"""Several runs in search of the best settings: the lowest validation loss wins.

space.py      the searched settings and their ranges
proposals.py  the settings of the next trial, from Optuna: random, TPE, grid; pruning; importance
journal.py    the trials that have ended, in Optuna's journal file
engine.py     trial after trial, or several at once, until all have ended
trials.py     a trial as a run of the queue
winner.py     the best trial: how lucky it was, and its metrics on the test set
driver.py     the process that carries a search on; start and find it
"""
