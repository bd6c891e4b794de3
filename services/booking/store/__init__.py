"""SQL that writes or locks, one function a statement."""
