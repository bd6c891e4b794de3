"""`python -m services.notify`."""

from services.notify.app import SERVICE, build
from services.notify.settings import NotifySettings
from shared.runtime import serve


def main() -> None:
    """Run notify until it is told to stop."""
    settings = NotifySettings()
    serve(lambda: build(settings), settings, SERVICE)


if __name__ == "__main__":
    main()
