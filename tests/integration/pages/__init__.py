"""Pages as a browser without scripts sees them, on real Postgres."""
