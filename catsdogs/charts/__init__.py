"""Data to Plotly figures."""
