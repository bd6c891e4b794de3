"""Codes that more than one service speaks of and that no event has named before."""

from typing import Literal

Condition = Literal[
    "back-pain", "neck-pain", "shoulder-pain", "osteoarthritis-knee", "osteoarthritis-hip",
    "rheumatoid-arthritis", "fibromyalgia", "chronic-primary-pain", "other",
]  # fmt: skip

Tier = Literal["R1", "R2", "R3", "D4"]
"""The safety rule that answers a red flag, gravest first."""

Health = Literal[
    "heart_condition", "chest_pain", "dizziness", "other_chronic", "medication", "joint_problem",
    "supervised_only", "pregnant", "fever",
]  # fmt: skip
"""The yes-or-no questions of the screening, named as its fields."""

Region = Literal[
    "head", "neck", "shoulder", "elbow", "wrist-hand", "upper-back", "lower-back", "pelvis", "hip",
    "knee", "ankle-foot", "whole-body",
]  # fmt: skip

Joint = Literal[
    "neck", "upper-back", "lower-back", "shoulder", "elbow", "wrist", "fingers", "hip", "knee",
    "ankle",
]  # fmt: skip

Side = Literal["left", "right", "none"]

Motion = Literal[
    "flexion", "extension", "side-bending", "rotation", "abduction", "adduction",
    "internal-rotation", "external-rotation", "pronation", "supination", "dorsiflexion",
    "plantar-flexion",
]  # fmt: skip

Movement = Literal[
    "walking", "sit-to-stand", "squat", "hinge", "lunge", "step-up", "step-down",
    "single-leg-stand", "reach-overhead", "reach-behind", "push", "pull", "lift", "carry", "turn",
    "look-around", "roll-over", "floor-to-stand",
]  # fmt: skip
"""What is watched when body mechanics are assessed."""

PostureFinding = Literal[
    "nothing-notable", "head-forward", "head-tilted", "rounded-shoulders", "raised-shoulders",
    "uneven-shoulders", "shoulder-blade-stands-out", "held-bent", "fingers-drift",
    "rounded-upper-back", "flat-upper-back", "deep-lower-back-curve", "flat-lower-back",
    "side-curve", "shifted-trunk", "pelvis-tilts-forward", "pelvis-tilts-back", "uneven-pelvis",
    "knees-in", "knees-out", "knees-pressed-back", "flat-arch", "high-arch", "turned-in",
    "turned-out", "weight-on-one-side", "swelling", "guarding",
]  # fmt: skip

MovementFinding = Literal[
    "nothing-notable", "limited-range", "stiff", "slow", "unsteady", "needs-support",
    "guards-against-pain", "holds-breath", "tires-early", "weight-on-one-side", "trunk-leans",
    "back-rounds", "back-arches", "shoulder-rises", "knee-drifts-in", "hip-drops", "heels-lift",
    "foot-rolls-in", "limp", "short-steps",
]  # fmt: skip

Instrument = Literal["peg", "psfs", "pgic", "rmdq", "koos-12", "paces-s", "phq-2"]

Family = Literal["mobility", "strength", "low-impact", "calm"]

Kind = Literal[
    "range-of-motion", "stretching",
    "isometric", "body-weight", "resistance", "balance",
    "walking", "water", "cycling", "dance", "yoga", "tai-chi", "everyday",
    "breathing", "mindfulness", "relaxation", "sleep", "food", "stress",
]  # fmt: skip
"""What an option is within its family."""

Position = Literal["lying", "sitting", "standing", "kneeling", "moving", "water"]

Equipment = Literal[
    "chair", "table", "wall", "step", "towel", "pillow", "band", "light-weight", "soft-ball",
    "walking-poles", "stationary-bike", "music",
]  # fmt: skip

Place = Literal["outdoors", "pool"]
"""Where an option has to take place, when a room at home will not do."""
