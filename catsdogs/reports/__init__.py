"""Documents for readers outside the app.

comparison.py       a comparison of two runs as one HTML or Markdown file
paper.py            charts, tables and photos of HTML reports
run_report.py       everything about one run as one HTML file
run_text.py         its tables, which the Run page shows too
comparison_text.py  its sentences and tables, which the Compare page shows too
explanations.py     its metrics and curves explained, in the words of the classes
slice_text.py       its kinds of photos in words, also for both
several_text.py     three to six runs in words and tables
model_card.py       the model card of a run
test_look.py        a look at a run's test set: measured, counted, in the card
rendering.py        templates, and the settings they are rendered with

``templates/`` holds the documents' templates.
"""
