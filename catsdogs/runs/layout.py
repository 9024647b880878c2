"""What lies in a run's folder, ``artifacts/<run_id>/``, under which name."""

CONFIG = "config.json"  # what it was asked to do, on which images, on which machine
EVENTS = "events.jsonl"  # what became of it, a line an event; the last one tells of its model
REMARKS = "remarks.json"  # what its owner says of it
LOG = "worker.log"  # what its worker and TensorFlow print
STOP = "stop"  # there once it was asked to stop
CHECKPOINT = "checkpoint.npz"  # what it goes on from
LOCK = ".lock"  # held by the worker, so that a run has one at a time
RESERVE = ".reserve"  # room on the disk, so that a full one can be told
EARLIER = ".earlier"  # the model it had before, while it writes a new one

KERAS_MODEL = "model.keras"  # raw uint8 pixels in, P(dog) out
LITERT_MODEL = "model.tflite"  # the same for LiteRT, with a heat map and an embedding
REFERENCES = "references.npz"  # vectors of training images, to tell "neither" by
PREDICTIONS = "predictions.parquet"  # a row a validation image
EVALUATION = "evaluation.json"  # its metrics on them
MODEL_CARD = "model_card.md"  # what to know before using the model
