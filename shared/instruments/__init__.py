"""The questionnaires and physical tests that are taken: what each asks for, and how it is read."""
