"""The rules of progress: pure, with time as an argument."""
