"""A machine on which the n-th file operation fails: real processes, real system calls.

``faulty.c`` counts and fails the operations below Python. It wraps the C library's ``open``,
``write``, ``fsync``, ``rename`` and the like; the dynamic linker loads it before the C library.
Replacing Python's functions would miss the most important writes, because h5py, Arrow and NumPy
write without Python. Only operations in the machine's own folder count, not Python's imports.

There are hundreds of commands, so each runs in a ``fork`` of one process that has imported
everything. A worker or task that a command starts is another fork. Run as a script, this module is
that process.
"""

import contextlib
import errno
import importlib
import json
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

# Laid out like ``struct state`` in faulty.c: at, error, lasting, counted, failed, folder, trace,
# first operation that failed.
_STATE = struct.Struct("=5q1000s1000s3000s")
_PATIENCE_S = 120
# A full disk, a broken disk, a disk without permission, too many open files.
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EMFILE)


@dataclass(frozen=True)
class Ended:
    """How a command ended. ``fault`` is the operation that failed ("write /path"), or "".

    ``operations`` are all that were counted, in a run in which none should fail.
    """

    status: int
    out: str
    err: str
    fault: str
    operations: tuple[str, ...] = ()

    @property
    def document(self):
        """The JSON that the command printed."""
        return json.loads(self.out)


class Machine:
    """The app's folders below ``root``, and the process that commands are forked from."""

    def __init__(self, root: Path, library: Path, *, imports: tuple[str, ...] = ()) -> None:
        self.root, self._kept = root, root.with_name(f"{root.name}-kept")
        root.mkdir()
        self.clear()
        state = root.with_name(f"{root.name}-state")
        state.write_bytes(bytes(_STATE.size))
        with state.open("r+b") as stream:
            self._state = mmap.mmap(stream.fileno(), _STATE.size)
        folders = {name: str(root / name.lower()) for name in ("DATA", "ARTIFACTS", "CACHE")}
        self._process = subprocess.Popen(
            [sys.executable, __file__, *imports],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env={
                **os.environ,
                **{f"CATSDOGS_{name}": folder for name, folder in folders.items()},
                "TMPDIR": str(root / "tmp"),
                "LD_PRELOAD": str(library),
                "FAULTY_STATE": str(state),
                # Its own files are outside the root, so they are not counted.
                "PYTHONPATH": os.pathsep.join(
                    map(str, (Path(__file__).parents[1], Path(__file__).parent))
                ),
            },
        )

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def keep(self) -> None:
        """Save the current folders for ``again``."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.root, self._kept, symlinks=True)

    def clear(self) -> None:
        """Empty the machine."""
        for path in self.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.root / "tmp").mkdir()

    def again(self) -> None:
        """Restore the folders that ``keep`` saved."""
        self.clear()
        shutil.copytree(self._kept, self.root, symlinks=True, dirs_exist_ok=True)

    def call(self, function: str, *arguments, at: int = 0, error: int = 0, lasting=False) -> Ended:
        """Call "module:function" in a process of its own; its return value is the exit status.

        Operation number ``at`` fails with ``error``; with ``lasting``, so do all after it.
        """
        trace = self.root.with_name(f"{self.root.name}-trace")
        trace.unlink(missing_ok=True)
        named = os.fsencode(self.root), b"" if at else os.fsencode(trace)
        self._state[:] = _STATE.pack(at, error, lasting, 0, 0, *named, b"")
        print(json.dumps([function, arguments]), file=self._process.stdin, flush=True)
        status, out, err = json.loads(self._process.stdout.readline())
        *_, fault = _STATE.unpack(self._state[:])
        self._state[:] = bytes(_STATE.size)
        noted = trace.read_bytes().split(b"\0")[:-1] if trace.exists() else ()
        return Ended(
            status, out, err, os.fsdecode(fault.partition(b"\0")[0]), tuple(map(os.fsdecode, noted))
        )


def compiled(folder: Path) -> Path | None:
    """Compile faulty.c into ``folder``; return None where this is impossible or has no effect."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        return None
    source, target = Path(__file__).with_name("faulty.c"), folder / "faulty.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", target, source, "-ldl"]
    return None if subprocess.run(command, capture_output=True).returncode else target


def _serve(modules: list[str]) -> None:
    """Run each call that arrives on stdin in a fork of this process."""
    for name in modules:
        importlib.import_module(name)
    for line in sys.stdin:
        function, arguments = json.loads(line)
        with contextlib.ExitStack() as stack:
            out, err = (stack.enter_context(TemporaryFile(dir="/tmp")) for _ in range(2))
            alive, held = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(alive)
                _become(function, arguments, out.fileno(), err.fileno(), held)
            os.close(held)
            _, status = os.waitpid(pid, 0)
            os.read(alive, 1)  # Returns when the last process that the command started ends.
            os.close(alive)
            said = []
            for stream in (out, err):
                stream.seek(0)
                said.append(stream.read().decode())
        print(json.dumps([os.waitstatus_to_exitcode(status), *said]), flush=True)


def _become(function: str, arguments: list, out: int, err: int, held: int) -> None:
    """Call a function in this process, then exit."""
    status = 70
    try:
        signal.alarm(_PATIENCE_S)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        _launch_by_fork(held)
        module, name = function.split(":")
        status = getattr(importlib.import_module(module), name)(*arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 71)


def _launch_by_fork(held: int) -> None:
    """Make the app start its processes as forks of this one, which keep ``held`` open."""
    from catsdogs.system import processes

    real = processes.launch

    def launch(module, argument, *, log, on_exit=None):
        with log.open("ab") as stream:
            pid = os.fork()
            if pid == 0:
                # TensorFlow does not survive a fork once it has been used.
                processes.launch = real
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
                # A started process inherits neither open files nor locks; a fork must close them.
                os.closerange(3, held)
                os.closerange(held + 1, os.sysconf("SC_OPEN_MAX"))
                main = importlib.import_module(module).main
                _become_launched(lambda: main(argument))
        identity = processes.identity_of(pid)

        def collect():
            os.waitpid(pid, 0)
            if on_exit is not None:
                on_exit()

        threading.Thread(target=collect, daemon=True).start()
        return identity

    processes.launch = launch


def _become_launched(main) -> None:
    status = 70
    try:
        signal.alarm(_PATIENCE_S)
        status = main()
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve(sys.argv[1:])
