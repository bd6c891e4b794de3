"""A week of simulated life at the highest speed the machine takes; run by `make soak`."""
