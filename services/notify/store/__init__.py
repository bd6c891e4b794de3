"""The SQL of notify: what it knows of people and bookings, and its one table of messages."""
