"""A finished run's LiteRT model → answers with heat maps.

predictor.py    one model: a picture in; P(dog), heat map and embedding out
panel.py        several runs that answer the same picture
gathering.py    the pictures in files, folders and archives
elsewhere.py    answers of runs as work for an engine, which may be on other machines
answers.py      many pictures through a panel, as records, a table and counts
rejection.py    "neither": how unlike the training photos a picture is
test_set.py     a run's locked test set: its photos now, and the answers for them
both.py         "both": evidence for the two classes in different parts of a picture
what_if.py      P(dog) of an edited picture, and where the answer changes
occlusion.py    how P(dog) changes when a part is covered, and its agreement with the heat map
filmstrip.py    feature maps and first filters as pictures
heatmap.py      a heat map painted over its photo
kaggle.py       answers as a file that Kaggle accepts
latency.py      the time of a forward pass, measured alternately for several models
folder_task.py  a folder of pictures → a CSV file, as a background task
"""
