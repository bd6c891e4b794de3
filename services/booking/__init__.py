"""The front door: HTTP, pages, people, slots, holds and bookings."""
