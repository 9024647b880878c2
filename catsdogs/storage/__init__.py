"""Datasets at addresses: object storage, Hugging Face's hub, and files on web servers.

An address is represented by a folder on this machine, which lists the objects at the address. Every
room works with that folder as with any other. The photos below it are fetched when they are read.

address.py   the address of a dataset, which holds no secret
objects.py   the objects at an address: their names, sizes and versions
stand_in.py  the folder on this machine that stands for an address, and its list of objects
reading.py   a path below such a folder → bytes, all or some of them
blocks.py    parts of objects, kept on this machine within a limit
cloud.py     S3, Google Cloud Storage and Azure, through Arrow
access.py    how a bucket is opened: credentials and endpoints from the environment
web.py       files on web servers and Hugging Face's hub, read in ranges
"""
