"""What keeps the repository in shape; the app needs none of it."""
