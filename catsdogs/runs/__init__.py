"""A training run without TensorFlow: its settings, its folder, its queue, its events.

config.py            RunConfig: all settings of a run, each declared once
effective.py         the values that its recipe and its model give to a run's settings
earlier_settings.py  the defaults of older versions
settings.py          how a setting is declared and checked
choices.py           the words that settings can have
models.py            what each model can do, as data
layout.py            the names of the files in a run's folder
numbers.py           the number of each run, which its short name holds
store.py             create, list, find and load run folders
run.py               one run as it was on disk when it was loaded
about.py             what config.json records beside the settings: data, versions, machine
result.py            the metrics of a trained model, as the last event holds them
search.py            what a search is: its files, its settings, its result
webhook.py           a call to another program for each run that ends
queue.py             start, stop, resume, extend and delete runs
event_file.py        the run's event log: appended to, followed, read
events.py            the kinds of events that a worker reports
view.py              a run as its events describe it
doubt.py             whether a run has learned anything, and the likely cause if not
in_words.py          its settings as they were in effect, and where it comes from
narration.py         a run in plain sentences
pace.py              speed and time left
estimate.py          duration and disk space of a run, learned from earlier runs
first_estimate.py    the same without an earlier run, from the machine's speed
machine_speed.py     this machine's speed, measured in a second
documents.py         the JSON documents that describe runs to programs
command.py           the command line that repeats a run
log.py               the end of its log
model_files.py       model and prediction files, verified by checksum
looks.py             the counted looks at a run's locked test set
seen_before.py       which photos a run has seen: its sides, by content
previous_model.py    the previous model, kept until a resumed run has a new one
range_test.py        the learning-rate range test: rates, losses, the suggested rate
"""
