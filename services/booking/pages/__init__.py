"""The pages people see: rendered here, from the same handlers and queries as the API."""
