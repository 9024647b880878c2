"""Where data comes from: a path or an address → a folder of images.

typed.py        a path as people type it → a path
opening.py      a path → a folder; archives are unpacked once
preview.py      a folder's images at a glance, before it is used
current.py      the dataset that the app is using
fetching.py     a name or an address → a checked, unpacked folder
fetch_task.py   a download as a background task
kaggle.py       Kaggle's Dogs vs. Cats, through kagglehub
download.py     downloads that resume and become visible when they are complete
http.py         one HTTP request that the caller can stop at any time
web_picture.py  one picture from a public web address
unpacking.py    an archive of images → a folder, within bounds
file_names.py   names that every system accepts
collecting.py   photos that the user adds to two classes
sample.py       the drawn sample dataset
drawing/        the pictures of the sample dataset
"""
