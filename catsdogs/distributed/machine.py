"""One long piece of work on a whole machine of a cluster, in a process of its own."""

from collections.abc import Callable
from typing import Any

from catsdogs.errors import CatsDogsError, EngineError


class OnMachine:
    """A call of ``function`` on the first machine that is free. ``ray`` is the connected module.

    A machine counts as whole if all cores and GPUs of the smallest one are taken.
    """

    def __init__(self, ray: Any, function: Callable[..., Any], *arguments: Any) -> None:
        nodes = (node["Resources"] for node in ray.nodes() if node["Alive"])
        able = [resources for resources in nodes if resources.get("CPU")] or [{"CPU": 1}]
        cores, gpus = (min(one.get(name, 0) for one in able) for name in ("CPU", "GPU"))
        # A process is not used again: it keeps the memory and the settings of its work.
        once = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=0, max_calls=1)
        self._ray, self._call = ray, once(function).remote(*arguments)

    def has_ended(self, *, within_s: float) -> bool:
        """Wait for the end of the call, and return whether it has ended."""
        return bool(self._ray.wait([self._call], timeout=within_s)[0])

    def cancel(self) -> None:
        """Withdraw the call before it has begun."""
        self._ray.cancel(self._call)

    def result(self) -> Any:
        """Return what the call has returned, or raise what it has raised.

        Raises:
            EngineError: if it has raised an error that is not made for users.
            ChildProcessError: if the machine or the process has died.
        """
        errors = self._ray.exceptions
        try:
            return self._ray.get(self._call)
        except errors.RayTaskError as error:
            if isinstance(error.cause, CatsDogsError):
                raise error.cause from None
            raise EngineError(
                f"Expected a machine that can train. Received: {error.cause!r}. Give all machines "
                "the same project, packages and folders."
            ) from None
        except errors.RayError as error:
            raise ChildProcessError(f"The machine or its process has died: {error}") from None
