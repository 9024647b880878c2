"""Two runs on the same images.

pair.py           everything that is known about a pair of runs
disagreements.py  the images that two runs answer differently, or both wrongly
photo_facts.py    what scan and check found about the compared images
"""
