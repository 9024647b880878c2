"""Names, messages and times, made fit to show anywhere: on a page, in a terminal."""


def printable(text: str) -> str:
    """Return ``text`` with control characters and bytes that were no UTF-8 as U+FFFD."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def duration(seconds: float) -> str:
    """Return a time as people say it: 42 s, 3 min, 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
