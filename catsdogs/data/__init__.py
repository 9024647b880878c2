"""A dataset: where it comes from, its table of records, its pixels and vectors."""
