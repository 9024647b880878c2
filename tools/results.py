"""Write the README's results table from the runs in ``artifacts/``: ``python -m tools.results``."""

import json
import statistics
from pathlib import Path

from catsdogs import paths
from catsdogs.evaluation import intervals
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.text import duration
from tools.reference import OTHER_SEEDS, SEEDS_FILE, reviewed

BEGIN, END = "<!-- results: python -m tools.results -->\n", "<!-- end of results -->\n"
_ROWS = {
    "reference-custom_cnn-plain": "custom CNN, the notebook's recipe",
    "reference-custom_cnn": "custom CNN",
    "reference-mobilenet_v2": "MobileNetV2, frozen base",
    "reference-mobilenet_v2-fine_tuned": "MobileNetV2, fine-tuned from block 4",
}
# Accuracy, loss and time of the notebook that this project started from, on 20,000 photos.
_NOTEBOOK = {
    "reference-custom_cnn-plain": ("81.04 %", "0.8322", "~55 min"),
    "reference-custom_cnn": ("81.04 %", "0.8322", "~55 min"),
    "reference-mobilenet_v2": ("96.30 %", "0.1431", "~33 min"),
}


def main() -> None:
    """Replace the text between the marks in the README."""
    readme = paths.PROJECT_ROOT / "README.md"
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    readme.write_text(
        before + BEGIN + table(paths.PROJECT_ROOT / "artifacts") + END + after, "utf-8"
    )


def table(artifacts: Path) -> str:
    """Return the results of the runs in a folder as a Markdown table."""
    others = json.loads((artifacts / SEEDS_FILE).read_text("utf-8"))
    # Each seed leaves out other photos, because only those on its training side are decided.
    most_left_out = len(reviewed())
    lines = [
        "| | notebook | here, with 95 % interval | seeds 1 to 3 | loss, notebook | loss, here "
        "| time, notebook | time, here | photos, here |\n",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    ]
    for name, title in _ROWS.items():
        run = store.load(artifacts / name)
        accuracies = [
            other["val_accuracy"]
            for other in others
            if other["recipe"] == name
            and abs(other["images"] - run.about.dataset.images) <= most_left_out
        ]
        lines.append(_row(title, run, accuracies, _NOTEBOOK.get(name)))
    return "".join(lines)


def _row(title: str, run: Run, others: list[float], notebook: tuple[str, str, str] | None) -> str:
    accuracy, loss, time = notebook or ("", "", "")
    result = run.result
    own, images = result.val_accuracy, result.val_images
    interval = intervals.share(round(own * images), images)
    seeds = ""
    if len(others) == len(OTHER_SEEDS):
        accuracies = [own, *others]
        spread = statistics.stdev(accuracies)
        seeds = f"{100 * statistics.mean(accuracies):.2f} ± {100 * spread:.2f} %"
    return (
        f"| {title} | {accuracy} | **{100 * own:.2f} %** ({100 * interval.low:.1f} to "
        f"{100 * interval.high:.1f}) | {seeds} | {loss} | {result.val_loss:.4f} | {time} "
        f"| {duration(result.total_s)} | {run.about.dataset.images:,} |\n"
    )


if __name__ == "__main__":
    main()
