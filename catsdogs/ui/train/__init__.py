"""The Train page.

form.py                  the form that starts runs
presets.py               ready-made runs as cards
settings.py              the form's fields, drawn from the settings' declarations
augmentation_preview.py  your own photos after augmentation
rate_finder.py           the learning-rate range test
search_form.py           the form that starts a search
searches.py              the searches: progress, the best run, trials, charts
live.py                  the chosen run: its curves and its wall
progress.py              what it does at the moment, how far it is, its speed
live_chart.py            a Plotly chart that updates in place
wall.py                  a dozen validation photos and the answers to them
overlays.py              the runs that the chart shows, in their colours
outcome.py               a run that has ended: next steps and metrics
mistakes.py              the validation photos that a run gets wrong
run_list.py              all runs, each with the eye that overlays it
"""
