"""TensorFlow, and only here: the networks and their training, in a worker process.

worker.py         the process of one run, from its settings to its files
results.py        the files of a trained run: predictions, evaluation, model, references
on_cluster.py     the process of a run that trains on a machine of a cluster
on_node.py        the part of it on that machine
frameworks.py     TensorFlow and Keras, whatever the settings of other projects
training.py       records → a trained network with validation predictions
models.py         the architectures as Keras models
views.py          the middle of a picture and its mirror image, which a network answers for
folding.py        frozen batch normalisation as part of the convolutions
preparing.py      the two sides of the split and the rows that a network learns from
pipeline.py       cached rows → batches, in a repeatable order
watching.py       the wall: validation photos that are answered after each epoch
stages.py         the stages of a run and their learning rates
fitting.py        the fit: reports each batch, stops gracefully, resumes exactly
measuring.py      the metrics of a fit, and class weights
checkpoint.py     everything that a fit needs to resume, in one file
reporting.py      a worker's phases, with progress and time
usage.py          reports of the processor, the memory and the GPUs that a worker uses
export.py         Keras → LiteRT, with the heat map inside the graph
export_program.py  the end of each program that writes another format
onnx_export.py    LiteRT → ONNX, and how well the two agree
onnx_quantization.py  ONNX in int8, and how accurate it is
saved_model.py    Keras → SavedModel, and how well the two agree
quantization.py   smaller model files, and how accurate they are
referencing.py    the training photos that "neither" is measured against
unseen.py         the limits for "neither", measured on held-out clusters
limits.py         the limits for "both", measured on validation photos
others.py         vectors of other things, and a classifier that tells them apart
engines.py        MobileNetV2's frozen part on the fastest engine that agrees with Keras
backbone.py       a command that exports MobileNetV2's frozen part
weights.py        MobileNetV2's pretrained weights: given, cached, downloaded or shipped
tensorflow_internals.py  the private parts of TensorFlow and LiteRT
normalization.py  batch normalisation in one fused operation
machine.py        the fastest precision on this machine, measured once
diagnosis.py      a command that says what TensorFlow sees, and what "auto" chooses and why
range_test.py     the process of the learning-rate range test
"""
