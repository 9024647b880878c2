"""Runs as several pages show them."""
