"""Long work on any subject, in a process of its own.

event_log.py  an append-only log of JSON lines, written and read by several processes
job.py        the folder through which such a process and the app talk, and its main program
tasks.py      jobs about data, found by their subject: start, find, cancel, dismiss
pace.py       how fast work goes, and how long the rest of it will take
"""
