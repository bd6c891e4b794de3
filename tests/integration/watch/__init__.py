"""Whether operators can see what goes on: traces, metrics, alerts, `limber doctor`."""
