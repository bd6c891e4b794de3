"""`python -m services.booking`."""

from services.booking.app import build
from services.booking.settings import BookingSettings
from shared.runtime import serve

if __name__ == "__main__":
    settings = BookingSettings()
    serve(lambda: build(settings), settings, "booking")
