"""The figures behind masks, plans, doses and milestones: parts of `rules.toml`, typed."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.submissions import Score


class _Figures(BaseModel):
    """Where the figures come from; `design` marks values of ours, for sign-off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    design: bool


class GateFigures(_Figures):
    """How long a screening and a clearance count at most."""

    screening_months: int
    clearance_months: int


class MaskFigures(_Figures):
    """What no option may go beyond. Impact 0-2 and load 1-5 as in the catalogue, effort 0-10."""

    impact_at_most: int
    effort_below: Score
    joint_load_at_most: int
    flag_days: int

    @property
    def flags_count(self) -> timedelta:
        """How long a sign that needs no hold keeps options away."""
        return timedelta(days=self.flag_days)


class PlanFigures(_Figures):
    """How long an assessment counts, what a draft is made of, and who starts gently."""

    assessment_weeks: int
    options_at_least: int
    options_at_most: int
    of_each_family: int
    light_effort_at_most: Score
    load_at_most: int
    gentle_load_at_most: int
    gentle_goals_below: float
    gentle_severity: int
    gentle_chair_stand_below: int
    gentle_pain_week: Score
    inactive_per_week: int


class DoseFigures(_Figures):
    """How doses move, in percent of the dose, and where they stop rising by themselves."""

    raise_percent: int = Field(ge=1, le=20)
    lower_percent: int
    hard_day_percent: int
    flare_percent: int
    repetitions_at_most: int
    minutes_at_most: int


class MilestoneFigures(_Figures):
    """What is worth saying."""

    goals_points: float
    one_goal_points: int
    chair_stands: int
    peg_percent: float
    confidence_points: float
    confidence_weeks: int
    confidence_reports: int
    steady_weeks: int
    steady_days: int
    green_reports: int
