"""Trainers: what they can do, and for which wishes that is right."""

from typing import Literal

Condition = Literal[
    "back-pain", "neck-pain", "shoulder-pain", "osteoarthritis-knee", "osteoarthritis-hip",
    "rheumatoid-arthritis", "fibromyalgia", "chronic-primary-pain", "other",
]  # fmt: skip
