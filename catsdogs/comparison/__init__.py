"""Two runs, or several, on the same images.

choice.py         which two runs to compare first
own_answers.py    one run on its own validation images
pair.py           everything that is known about a pair of runs
several.py        three to six runs, each pair with a corrected verdict
differences.py    the settings, photos, code and machine that two runs do not share
disagreements.py  the images that two runs answer differently, or both wrongly
repetition.py     a run that was trained again, compared with itself
locating.py       the photos of a run that came with the project, in your own copy of them
photo_facts.py    what scan and check found about the compared images
"""
