"""Where data comes from: a path, an archive, a download, the drawn sample."""
