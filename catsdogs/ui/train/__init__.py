"""The Train page: the form that starts runs, and the run that the user watches."""
