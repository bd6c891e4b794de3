"""What people outside build on the events: their libraries, and the kit for analysts."""
