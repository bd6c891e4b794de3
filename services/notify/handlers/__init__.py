"""What an event makes of the messages: note what is new, decide, and say what has to be told."""
