"""Labels and P(dog) → metrics. Arrays in, frozen values out; no files, no clock.

metrics.py      accuracy, log loss, confusion matrix and the other metrics of a run
intervals.py    95 % confidence intervals
thresholds.py   ROC and precision-recall curves, and where to set the threshold
calibration.py  temperature scaling
clipping.py     bounds for probabilities, where log loss counts
paired.py       two runs on the same images: McNemar's test and equivalence
multiple.py     a correction for testing more than once
optimism.py     how lucky the best of several models is
slices.py       accuracy on small and large, dark and bright, soft and sharp images
weakest.py      the slices on which a model is worse than on the other images
"""
