"""A finished run's model as files to download, on Train, Run, Compare and Classify.

section.py  the section: what is prepared, or the button and the progress of preparing it
table.py    the prepared formats, each with its figures and its download
"""
