"""Runs on a page: lists, actions, remarks, origin, and the note in the sidebar."""
