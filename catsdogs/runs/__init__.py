"""A training run, seen without TensorFlow: its configuration, its folder, its process."""
