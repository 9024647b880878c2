"""Explanations of the metrics and curves of a comparison, with the names of its classes."""

from catsdogs.labels import CAT, DOG, Classes


def of_metrics(classes: Classes) -> str:
    """Return what the metrics of one run mean."""
    negatives, positives = _plurals(classes)
    return (
        f"Accuracy, and the shares of {negatives} and {positives} that are recognised: higher is "
        "better. Balanced accuracy is the mean of these two shares: guessing has 50 %. Log loss "
        f"and Brier score: the distance of P({classes.positive}) from the truth. Lower is better, "
        f"and confident mistakes cost most. ROC AUC: how often {classes.one(DOG)} gets a higher "
        f"P({classes.positive}) than {classes.one(CAT)}. 1 is best."
    )


def of_roc(classes: Classes) -> str:
    """Return what the receiver operating characteristic shows."""
    negatives, positives = _plurals(classes)
    return (
        f"ROC: the share of {positives} that are recognised, against the share of {negatives} "
        f"classified as {positives}, at every threshold. AUC and AP: the areas under the curves. "
        "1 is best."
    )


def of_report(classes: Classes) -> str:
    """Return what the columns of a classification report mean."""
    negatives, positives = _plurals(classes)
    return (
        f"Precision: the share of correct answers among the answers “{classes.positive}” (or "
        f"“{classes.negative}”). Recall: the share of {positives} (or {negatives}) that are "
        "recognised. F1 balances the two. Support is the number of photos."
    )


def of_reliability(classes: Classes) -> str:
    """Return what the reliability diagram shows."""
    return (
        f"70 % of the photos with a P({classes.positive}) of 70 % should be "
        f"{classes.plural(DOG)}. ECE is the mean deviation from this. 0 is best."
    )


def _plurals(classes: Classes) -> tuple[str, str]:
    return classes.plural(CAT), classes.plural(DOG)
