"""What is left of somebody who was erased, and what the person may see."""
