"""The machine, without anything about cats and dogs.

allocator.py  freed memory back to the system, through private parts of glibc
files.py      files that appear whole or not at all, and a reserve for a full disk
locks.py      one process at a time
memory.py     how much memory may hold pixels, shared by all threads
processes.py  start a process, check that it is alive, measure it, kill it
zips.py       zip files from anywhere, read within bounds
"""
