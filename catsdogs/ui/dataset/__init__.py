"""The Dataset page: its source, charts, health check, review queue and gallery."""
