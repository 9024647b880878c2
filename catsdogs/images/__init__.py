"""Image files and their pixels.

picture.py       bytes or a path → an upright RGB picture → a square array: the one decoder
header.py        format, size and orientation, without decoding the pixels
pixels.py        an opened image → upright RGB pixels
containers.py    what the bytes of an image file say before a library reads them
parallel.py      many images decoded on a few threads, with failures collected
thumbnails.py    small square JPEGs for the gallery, cached by content
augmentation.py  random crops and mirror images for training
"""
