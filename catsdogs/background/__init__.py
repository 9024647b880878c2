"""Long work in a process of its own, whatever the work is about.

event_log.py  an append-only log of JSON lines, written and read by several processes
job.py        the folder through which such a process and the app talk, and its main program
tasks.py      jobs about data, found by what they are about: start, find, cancel, dismiss
pace.py       how fast work goes, and how long the rest of it will take
"""
