"""`python -m services.progress`."""

from functools import partial

from services.progress.app import build
from services.progress.settings import ProgressSettings
from shared.runtime import serve


def main() -> None:
    """Run progress until it is told to stop."""
    settings = ProgressSettings()
    serve(partial(build, settings), settings, "progress")


if __name__ == "__main__":
    main()
