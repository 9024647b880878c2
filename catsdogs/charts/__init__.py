"""Data → Plotly charts, without Streamlit.

style.py          colours, sizes and limits that all charts share
dataset.py        sizes, histograms, classes by side, shortcuts
point_colours.py  a column of a table as the colours of a map's points
training.py       training curves and the learning-rate range test
search.py         the trials of a search and the settings that matter
confusion.py      the confusion matrix, whose cells can be selected
suggestions.py    the accuracy of suggested labels over the number of answers
cost.py           accuracy over the time of an answer
evaluation.py     ROC, reliability and other charts of two runs
"""
