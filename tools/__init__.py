"""Tools that maintain the repository. The app does not need them."""
