"""Problems and oddities in a dataset. Only you change anything.

checkup.py        runs every check and reports the findings; start reading here
findings.py       what a check found: typed, cached, joined to the records
phases.py         the phases of a check; each fills in columns of its rows
measures.py       brightness, sharpness, colour and outline of a photo
neighbours.py     near duplicates and outliers, from MobileNetV2's vectors
regions.py        vectors in regions, because comparing all with all takes hours
sampling.py       vectors that do not fit into memory: blocks, and samples to learn from
suspects.py       labels that cross-validation contradicts
shortcuts.py      how well sizes and brightness alone predict the label
projection.py     the maps: each photo as a point in the plane
clusters.py       clusters of similar photos, with the most typical photo of each
known.py          photos of Dogs vs. Cats that public lists name as wrong or odd
flags.py          each finding as yes or no per photo, for counts and filters
snapshot.py       a dataset's files, decisions and findings at one moment
task.py           the check as a background task
vectors.py        the vectors of all photos as a background task
gallery_query.py  which photos the gallery shows, and in which order
named_slices.py   slices with names: filters that you keep, and clusters
"""
