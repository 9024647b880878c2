"""The pictures of the sample dataset: shapes, the scene around them, the animals."""
