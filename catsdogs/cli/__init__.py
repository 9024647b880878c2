"""The command line: options → (a JSON document, a table, an exit status).

parser.py        all commands and options; errors → exit statuses
datasets.py      commands on datasets: draw, fetch, scan, check, decide, embed
runs.py          commands on runs: train, list, show, stop, resume, extend, delete
models.py        commands on models: evaluate, classify, compare, export
outcome.py       what every command returns, and its exit status
tables.py        tables for people, where a program would ask for JSON
model_tables.py  tables of evaluate, compare and classify
progress.py      progress on stderr: live bars on a terminal, plain lines elsewhere
run_progress.py  the progress of a training run
"""
