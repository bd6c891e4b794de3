"""Plausible clients who live through bookings and check-ins by the public API."""
