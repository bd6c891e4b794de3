"""The rules of notify."""
