"""Long work in a process of its own, which survives the app.

tasks.py  start a task, follow its progress, cancel it, read its result
"""
