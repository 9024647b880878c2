"""Train: start a run, watch it learn, stop it, continue it."""

from catsdogs.runs import store
from catsdogs.ui import frame
from catsdogs.ui.runs import cards, forecast
from catsdogs.ui.shared import current_dataset
from catsdogs.ui.shared.pages import TRAIN
from catsdogs.ui.train import form, live, searches

frame.page(TRAIN, "Start a model and watch it learn.", follows_runs=True)

dataset = current_dataset.dataset()
runs, broken = store.list_runs()
is_open = form.show(dataset, runs) if dataset is not None else False
searches.show(runs)
live.show(runs, is_main=not is_open)
cards.broken_folders(broken)
if is_open and dataset is not None:
    forecast.measure(dataset)
