"""What the terminal shows while the stack runs: one plain line a step, with the time so far."""

import sys
import time
from collections.abc import Callable

# Where no terminal rewrites the line, a download reports at each quarter instead.
QUARTERS = 4

Progress = Callable[[int, int, int, int], None]


class Console:
    """Writes lines to a stream; on a terminal, progress rewrites its own line."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._quiet = quiet
        self._tty = sys.stdout.isatty()
        self._open_line = False

    def say(self, text: str) -> None:
        """Print one line with the seconds since the start."""
        self._print(f"[{time.monotonic() - self._began:6.1f} s] {text}")

    def plain(self, text: str) -> None:
        """Print one line as it is."""
        self._print(text)

    def progress(self, what: str) -> Progress:
        """Return a callback for (files done, files, bytes done, bytes)."""
        shown = 0

        def update(files: int, of_files: int, size: int, of_size: int) -> None:
            nonlocal shown
            text = f"{what}: {files}/{of_files} files, {size / 1e6:.1f}/{of_size / 1e6:.1f} MB"
            quarter = QUARTERS * size // max(of_size, 1)
            if self._tty and not self._quiet:
                sys.stdout.write(f"\r\x1b[K{text}")
                sys.stdout.flush()
                self._open_line = True
            elif quarter > shown:
                shown = quarter
                self.say(text)

        return update

    def _print(self, text: str) -> None:
        if self._quiet:
            return
        if self._open_line:
            sys.stdout.write("\r\x1b[K")
            self._open_line = False
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
