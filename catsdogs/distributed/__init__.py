"""Work on many files, spread over the machines of a Ray cluster. Only this room imports Ray.

ray_engine.py  connect to a cluster or start one; check that it can compute
spread.py      batches of files on the workers of a cluster, whatever becomes of its nodes
machine.py     one long piece of work on a whole machine
worker.py      the process on a core of a cluster, which holds the model
sent_files.py  copies of files, such as models, for the other machines
versions.py    the versions that must be the same on all machines
"""
