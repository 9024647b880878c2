"""Is that process still the one we started? A pid alone may have been given to another."""

import psutil

# A process' start time is read with the clock's granularity, which differs between systems.
_TOLERANCE_S = 1.0


def started_at(pid: int) -> float:
    """Return the Unix time at which process ``pid`` started."""
    return psutil.Process(pid).create_time()


def is_alive(pid: int, pid_started_at: float) -> bool:
    """Tell whether the process with this pid **and** this start time is running.

    A process that may not be looked at is another user's, and so not ours.
    """
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - pid_started_at) < _TOLERANCE_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
