"""The files of a run's folder, ``artifacts/<run_id>/``."""

from catsdogs.background import job

REFERENCE_PREFIX = "reference-"  # begins the names of the run folders that come with the project

SEARCHES = "searches"  # beside the runs: the searches that some of them belong to
CONFIG = "config.json"  # its settings, its images, the machine
EVENTS = job.EVENTS  # what happened, an event per line; the last one describes its model
REMARKS = "remarks.json"  # its owner's name and note for it
LOG = "worker.log"  # what its worker and TensorFlow print
STOP = job.STOP  # exists once it was asked to stop
CHECKPOINT = "checkpoint.npz"  # what a resume continues from
LOCK = ".lock"  # held by the worker, so that a run has one at a time
RESERVE = job.RESERVE  # disk space, so that a full disk can be reported
EARLIER = ".earlier"  # the model it had before, while it writes a new one

KERAS_MODEL = "model.keras"  # raw uint8 pixels in, P(dog) out
LITERT_MODEL = "model.tflite"  # the same for LiteRT, with a heat map and an embedding
REFERENCES = "references.npz"  # vectors of training images, to detect "neither" with
PREDICTIONS = "predictions.parquet"  # a row per validation image
TRAINING = "training.parquet"  # the digests of its training images
TEST = "test.parquet"  # its locked test set: path, label and digest of each image
LOOKS = "looks.jsonl"  # when somebody looked at its test set, and what they saw
EVALUATION = "evaluation.json"  # its metrics on the validation images
MODEL_CARD = "model_card.md"  # what to know before using the model
