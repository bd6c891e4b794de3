"""What progress reads from its environment (PROGRESS_*)."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class ProgressSettings(ServiceSettings):
    """Settings of the progress service."""

    model_config = SettingsConfigDict(env_prefix="PROGRESS_")
