"""Limber while its parts are killed, restarted, scaled, replaced and restored."""
