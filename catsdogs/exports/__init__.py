"""A finished run's model as files to take along.

formats.py     the formats: their names, what runs them, what makes them
making.py      writes a run's model in one format
metadata.py    the essentials of a model card inside of a model file
package.py     a zip of a written model, its labels, its card and an example that runs it
agreement.py   how often a written model agrees with the run, on its validation photos
onnx_model.py  an ONNX file as a function from an image to named arrays
measuring.py   models in several formats, measured together
downloads.py   a run's prepared files, and the table about them
preparing.py   the task that makes, measures and times all formats of a run
"""
