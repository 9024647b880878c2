"""A folder of images as a table of records, with people's decisions and a fair split."""
