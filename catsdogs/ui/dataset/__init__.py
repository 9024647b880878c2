"""The Dataset page.

views.py           the page's views, and the buttons that switch to one
gallery.py         the photo grid with its bar, a page at a time
alike.py           search by a picture: the most similar photos first
selection.py       the photos that are selected, on all pages of the gallery
tagging.py         the tags of photos, and the popover that changes them
filters.py         the gallery's filter: its values, and their place in the page's address
filter_panel.py    the widgets of the filter
own_slices.py      filters that you keep under a name
charts.py          the charts; a selection filters the photos beside it
map_view.py        the map; a selection filters the photos beside it
map_colours.py     the meanings of the map's colours: columns, and answers of runs
photo_map.py       the map as an element, which the browser draws
photo.py           one photo in the viewer, over the page
photo_facts.py     the facts about one photo: findings, properties, EXIF, similar photos
photo_answers.py   the answers of the runs that did not train on a photo
check.py           the health check: the button that runs it, and its progress
health.py          the report on the findings, and the next step
health_cards.py    one card per finding
health_details.py  shortcuts, leaks, unreadable files, decisions
review.py          the review queue: doubtful photos one by one
label_queue.py     the labelling queue: photos without a label, one or many at a time
label_answers.py   the buttons and keys that answer for photos of the queue
label_many.py      many photos of the queue at a time: select, and answer for all
label_all.py       accepts all sure suggestions after a look at a sample
label_progress.py  how good suggestions are, and when to learn again
decisions.py       buttons that decide about photos, and undo
picker.py          choose, fetch or draw another dataset
collect.py         a dataset from nothing: dropped photos and the camera
preview.py         a folder before it becomes the dataset
label_form.py      says which folders and name patterns are which class
joining.py         the switch that includes pictures which was classified wrongly
own_classes.py     two classes of a dataset's own: chosen, swapped, forgotten
table_import.py    labels and decisions from a table
"""
