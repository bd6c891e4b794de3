"""Notify on a real database and a scripted mail server."""
