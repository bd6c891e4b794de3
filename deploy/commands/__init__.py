"""The subcommands of `limber`; each module has `register(app)`, which adds its own."""
