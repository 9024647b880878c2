"""The machine, and nothing about cats: files, locks, processes, memory, zips."""
