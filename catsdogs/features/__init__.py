"""What is computed once per photo and cached."""
