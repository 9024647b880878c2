"""A finished run's LiteRT model → an answer with a heat map."""
