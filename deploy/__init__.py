"""How Limber is run: the embedded stack, the limber command, images and jobs."""
