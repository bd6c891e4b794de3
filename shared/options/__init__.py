"""The catalogue of low-impact options: what a plan can be made of."""
