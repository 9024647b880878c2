"""The machine, without anything about cats and dogs.

allocator.py     freed memory back to the system, through private parts of glibc
archives.py      zips and tars behind one seam
file_kinds.py    known containers of photos that this project does not read
files.py         files that appear whole or not at all, and a reserve for a full disk
hardware.py      processor, memory and GPUs that this process may use
locks.py         one process at a time
members.py       the members of any archive, and the limits
memory.py        how much memory may hold pixels, shared by all threads
processes.py     start a process, check that it is alive, measure it, kill it
system_files.py  names of files that systems make for themselves
tars.py          tar files from anywhere, read within bounds
zips.py          zip files from anywhere, read within bounds
"""
