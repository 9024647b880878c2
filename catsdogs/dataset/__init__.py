"""A folder of images as a table of records, with your decisions and a fair split.

index.py          the table: one record per file, cached; only changed files are read again
records.py        one record per file: what a scan reads from it
balance.py        how the images divide between cats and dogs
summary.py        counts, sizes and the reasons why files are not used
labelling.py      the classes that the user gives to folders and name patterns
name_patterns.py  the folders and name patterns that distinguish images
unlabelled.py     how many images have no label, and how to give them one
listing.py        the entries in a folder, each in exactly one group
left_out.py       members of an archive that were not unpacked
table_rows.py     the files below a folder, with the images of Parquet tables
recognition.py    which files are pictures, by name or content
annotations.py    decisions about photos: keep, relabel, exclude; undo
tags.py           words that a user gives to photos
decisions_csv.py  decisions and tags as CSV
decision_file.py  reading a file of decisions, with an error that says what would be lost
label_tables.py   labels and decisions from tables
table_text.py     the rows of a CSV, in any encoding and with any separator
image_names.py    which image a table means by a name
table_sides.py    the sides of a split that a table gives to images
nearby_tables.py  tables in a dataset or beside it
corrections.py    copies of wrongly classified pictures, under their right label
duplicates.py     groups of photos that show the same picture
rescan.py         a scan of many files in its own process
csv_hash.py       the hash of some columns of the table
split.py          training, validation and test sides, stratified, with copies on one side
given_splits.py   the split that a dataset comes with, in its folders or a table
"""
