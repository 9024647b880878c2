"""The state of this machine: its abilities, its problems, and advice on each of them.

checkup.py          every check, each guarded so that a broken machine cannot stop it
findings.py         the result of a check, as a value
lines.py            findings → lines for people
hardware.py         system, processor, memory and GPU
places.py           folders and the free disk
packages.py         installed packages against the pinned ones
weights.py          ImageNet's weights, and where Keras keeps its files
models.py           the models that come with the project
tensorflow_view.py  TensorFlow's view of the machine, from a process of its own
standalone.py       the command where the command line itself cannot be imported
"""
