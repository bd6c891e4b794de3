"""What notify reads of providers and partners beside mail servers; all of it may be left out."""

import re

from pydantic import SecretStr, field_validator

from services.notify.channels.push import PushKey
from services.notify.channels.sms import SmsProvider, sms_providers
from shared.settings import ServiceSettings
from shared.signatures import secret_bytes

_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class OutsideSettings(ServiceSettings):
    """Settings of texts, web push, reports of providers and webhooks of partners.

    `sms_urls`: see `channels.sms.sms_providers`; empty: no texts. `vapid_private_key`: 32 bytes in
    URL-safe base64; empty: no web push. `callback_secrets`: provider=whsec_…, comma-separated.
    `private_targets` lets webhooks and push reach private addresses and this machine: for tests.
    """

    sms_urls: SecretStr = SecretStr("")
    vapid_private_key: SecretStr = SecretStr("")
    callback_secrets: SecretStr = SecretStr("")
    private_targets: bool = False

    @field_validator("sms_urls")
    @classmethod
    def _companies(cls, urls: SecretStr) -> SecretStr:
        sms_providers(urls.get_secret_value())
        return urls

    @field_validator("vapid_private_key")
    @classmethod
    def _a_key(cls, key: SecretStr) -> SecretStr:
        if key.get_secret_value():
            PushKey(key.get_secret_value(), contact="mailto:check@limber.example")
        return key

    @field_validator("callback_secrets")
    @classmethod
    def _secrets(cls, secrets: SecretStr) -> SecretStr:
        secrets_by_provider(secrets.get_secret_value())
        return secrets

    @property
    def sms(self) -> tuple[SmsProvider, ...]:
        """The companies that take texts, the primary first."""
        return sms_providers(self.sms_urls.get_secret_value())

    @property
    def secrets_of_providers(self) -> dict[str, str]:
        """Provider to the secret that signs its reports."""
        return secrets_by_provider(self.callback_secrets.get_secret_value())

    def push_key(self, contact: str) -> PushKey | None:
        """The key of web push, where it is set up; `contact` is a mail address."""
        key = self.vapid_private_key.get_secret_value()
        return PushKey(key, contact=f"mailto:{contact}") if key else None


def secrets_by_provider(text: str) -> dict[str, str]:
    """Provider to secret, from provider=whsec_…, comma-separated.

    Raises:
        ValueError: that is not what it is; the text never quotes it.
    """
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, secret = part.partition("=")
        if not _PROVIDER.fullmatch(name):
            raise ValueError("a callback secret is provider=whsec_…; the name is a-z, 0-9 and -")
        secret_bytes(secret)
        found[name] = secret
    return found
