"""What each command of the command line does: options → (JSON-ready result, exit status)."""
