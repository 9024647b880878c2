"""A folder of images as a table of records, with your decisions and a fair split.

index.py        the table: one record per file, cached; only changed files are read again
records.py      one record per file: what a scan reads from it
summary.py      counts, sizes and the reasons why files are not used
listing.py      the entries in a folder, each in exactly one group
left_out.py     members of an archive that were not unpacked
recognition.py  which files are pictures, by name or content
annotations.py  decisions about photos: keep, relabel, exclude; undo; CSV
corrections.py  copies of wrongly classified pictures, under their right label
duplicates.py   groups of photos that show the same picture
split.py        the training and validation sides, stratified, with copies on one side
"""
