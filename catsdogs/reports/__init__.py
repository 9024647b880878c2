"""Documents for a reader: comparison reports and model cards."""
