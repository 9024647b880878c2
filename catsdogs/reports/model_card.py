"""What a reader must know before using a model, as Markdown.

The sections follow Mitchell et al., "Model Cards for Model Reporting" (2019, arXiv:1810.03993).
"""

from catsdogs.evaluation.calibration import FOLDS
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.runs.result import CalibrationResult, RunResult
from catsdogs.runs.run import Run
from catsdogs.text import counted, literal, printable


def model_card(run: Run, ended: str, result: RunResult) -> str:
    """Return the card of a run that ended "finished" or "stopped" with ``result``."""
    config, dataset = run.config, run.about.dataset
    chose = (
        "nothing" if config.recipe == "plain" else "nothing but the epoch whose weights are kept"
    )
    extensions = "".join(
        f"\npython -m catsdogs runs extend RUN --epochs {more}  # RUN: the new one"
        for _, more in run.view.extensions
    )
    away = ", not shipped" if run.is_reference and not run.can_classify else ""
    caveat = f"\n{run.caveat}\n" if run.caveat else ""
    stopped = " It was stopped before its last epoch." if ended == "stopped" else ""
    return f"""# {config.title}

Run `{run.run_id}`.{stopped}

## What it is for
Telling a photo of one cat from a photo of one dog. The model itself says "cat" or "dog" of
anything; the app calls "neither" what looks less like training photos than
{1 - DEFAULT_FALSE_REFUSAL:.0%} of the validation photos do, which does not catch everything else.
It is not made for breeds, drawings, several animals in one picture, or any decision that affects
people or animals.

## Data
{literal(dataset.name)}: {dataset.cats:,} cats and {dataset.dogs:,} dogs, fingerprint
`{dataset.fingerprint}`. {result.train_images:,} photos were trained on; the other
{result.val_images:,} are the validation side, which chose {chose}.
Copies of one photo are never on both sides.{_decisions(run)}

## How well it does
| validation accuracy | validation loss | parameters | forward pass | LiteRT file |
|---|---|---|---|---|
| {result.val_accuracy:.2%} | {result.val_loss:.4f} | {result.parameters:,} \
| {result.latency_ms:.1f} ms | {result.model_bytes / 1e6:.1f} MB{away} |

{_calibration(result.calibration)}
{caveat}
These figures hold for photos like those it was trained on. Other cameras, drawings or screenshots
are another matter.

## Repeat it
```
{printable(run.command)}{extensions}
```
"""


def _decisions(run: Run) -> str:
    made = run.about.annotations
    if not made.excluded and not made.relabelled:
        return ""
    where = ", on the training side only" if run.is_reference else ""
    return (
        f"\nLeft out by hand{where}: {counted(made.excluded, 'photo')}; "
        f"given another label: {made.relabelled:,}."
    )


def _calibration(found: CalibrationResult) -> str:
    if found.temperature == 1:
        return (
            "No temperature divides its logits: none brings the probabilities of validation photos "
            f"that it was not fitted on ({FOLDS} folds) nearer to the truth than they are. Their "
            f"expected calibration error is {found.ece_before:.4f}."
        )
    return (
        f"A temperature of {found.temperature:.3f} divides its logits where the app shows a "
        f"probability: on validation photos that it was not fitted on ({FOLDS} folds) the expected "
        f"calibration error is {found.ece_before:.4f} without it, {found.ece_after:.4f} "
        "with it."
    )
