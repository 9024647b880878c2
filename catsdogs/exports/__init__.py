"""A finished run's model as files to take along.

formats.py    the formats: their names, what runs them, what makes them
making.py     writes a run's model in one format
package.py    a zip of a written model, its labels, its card and an example that runs it
agreement.py  how often a written model agrees with the run, on its validation photos
"""
