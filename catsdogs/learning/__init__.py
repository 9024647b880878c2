"""TensorFlow lives here, and only here; it runs in its own process."""
