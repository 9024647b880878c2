"""Image files and their pixels.

picture.py         bytes or a path → an upright RGB picture → a square array: the one decoder
header.py          format, size and orientation, without decoding the pixels
pixels.py          an opened image → upright RGB pixels of a frame that shows something
colours.py         decoded pixels of any mode → RGB, on white
profiles.py        embedded colour profiles → sRGB
depth.py           16 and 32 bits per channel → the full range
kinds.py           names of files that are not readable pictures, and how to get a picture
containers.py      signature, end and number of parts of an image file
jpeg.py            kind, scans and end of a JPEG
jpeg_end.py        a JPEG without its end marker → whether it has all pixels
png.py             a PNG → without metadata that Pillow refuses
tiff.py            a TIFF's directories: a camera's raw file or how it stores pixels
stored.py          images inside Parquet tables and WebDataset tars, as if these were folders
parquet_tables.py  a Parquet table with images, read a few megabytes at a time
parquet_layout.py  the sizes that a Parquet file declares, checked before it is read
webdataset.py      a WebDataset tar: samples of an image and its label
joined.py          pictures of the data folder that join a dataset elsewhere
parallel.py        many images decoded on a few threads, with failures collected
thumbnails.py      small square JPEGs for the gallery, cached by content
augmentation.py    random crops and mirror images for training
edits.py           turned, blurred, recoloured, covered: what "what if" does to a picture
"""
