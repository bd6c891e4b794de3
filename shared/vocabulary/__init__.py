"""The codes people choose from, and what each is called in English and French."""
