"""The Train page.

form.py                  the form that starts runs
settings.py              the form's fields, drawn from the settings' declarations
augmentation_preview.py  your own photos after augmentation
rate_finder.py           the learning-rate range test
live.py                  the selected run: phases, metrics, curves
live_chart.py            a Plotly chart that updates in place
"""
