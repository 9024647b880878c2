"""The command line: options → (a JSON document, a table, an exit status).

parser.py           run a command line; errors → exit statuses
commands.py         add a command or a group of commands to the parser
dataset_options.py  options of the commands on datasets
run_options.py      options of the commands on runs
labelling.py        options that label folders and names
model_options.py    options of the commands on trained models
help.py             the help: 80 columns, choices and defaults of training settings

app.py              serve the pages with Streamlit
serving.py          serve trained runs to other programs
machine.py          say what this machine offers
datasets.py         commands on datasets: draw, fetch, scan, check, decide, embed
runs.py             commands on runs: train, list, show, report, stop, resume, extend, delete
searches.py         commands on searches: start, continue, list, show
evaluating.py       evaluate a run on a dataset, or on its locked test set
models.py           commands on models: classify, compare, export
explaining.py       edits that change an answer, and the parts of a picture that count
together.py         compare three to six runs
out_file.py         files that a command writes
outcome.py          what every command returns, and its exit status

fitting.py          tables and lines that fit the width of the terminal
tables.py           text for people, where a program would ask for JSON
dataset_tables.py   tables of scan and health
run_tables.py       tables of the commands on runs
search_tables.py    tables of the commands on searches
model_tables.py     tables of evaluate, compare and classify
progress.py         progress on stderr: live bars on a terminal, plain lines elsewhere
run_progress.py     the progress of a training run
quiet.py            keep messages of native libraries off the terminal
"""
