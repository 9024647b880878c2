"""The command line that repeats a run."""

from shlex import quote

from catsdogs.paths import portable
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.settings import Flag, Text
from catsdogs.storage.stand_in import spelled


def repeating(config: RunConfig) -> str:
    """Return the command line that repeats a run, also where a later version's defaults differ."""
    names = (name for name, one in SETTINGS.items() if one.is_said(config))
    options = (_option(name, config) for name in names)
    return " ".join(["python -m catsdogs train", *filter(None, options)])


def _option(name: str, config: RunConfig) -> str:
    """Return a setting as an option of the command line; "" for a switch that is off."""
    setting, option = SETTINGS[name], f"--{name.replace('_', '-')}"
    value = setting.effective(config) if setting.effective else getattr(config, name)
    if isinstance(setting.kind, Flag):
        off = f"--no-{option.removeprefix('--')}" if setting.effective else ""
        return option if value else off
    if isinstance(setting.kind, Text):
        return f"{option} {quote(portable(spelled(value)))}"
    return f"{option} {value if isinstance(value, str) else repr(value)}"
