"""How a process reaches Kafka: what settings become, and what they refuse."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from shared.kafka import KafkaAccess
from shared.kafka_broker import broker_arguments
from shared.settings import KafkaSettings


def test_several_brokers_reach_every_client_as_several() -> None:
    access = KafkaAccess.at("one:9092, two:9092,three:9092")

    assert ["one:9092", "two:9092", "three:9092"] == access.client()["bootstrap_servers"]
    assert ["one:9092", "two:9092", "three:9092"] == broker_arguments(access)["bootstrap_servers"]
    assert "one:9092,two:9092,three:9092" == access.librdkafka()["bootstrap.servers"]


def test_a_name_and_password_reach_every_client() -> None:
    access = KafkaSettings(
        kafka_bootstrap="one:9092",
        kafka_security_protocol="SASL_SSL",
        kafka_user="booking",
        kafka_password=SecretStr("only-for-tests"),
    ).kafka
    client, security = access.client(), broker_arguments(access)["security"]

    assert ("SASL_SSL", "SCRAM-SHA-512") == (client["security_protocol"], client["sasl_mechanism"])
    assert ("booking", "only-for-tests") == (
        client["sasl_plain_username"],
        client["sasl_plain_password"],
    )
    assert ("booking", "only-for-tests") == (security.username, security.password)
    assert client["ssl_context"].check_hostname
    assert security.ssl_context.check_hostname
    assert "only-for-tests" == access.librdkafka()["sasl.password"]
    assert "only-for-tests" not in repr(access)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kafka_security_protocol": "SASL_SSL", "kafka_password": "only-for-tests"},
        {"kafka_security_protocol": "SASL_SSL", "kafka_user": "booking"},
        {"kafka_user": "booking", "kafka_password": "only-for-tests"},
        {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_password": "only-for-tests"},
        {"kafka_security_protocol": "SSL", "kafka_key_file": Path("key.pem")},
    ],
)
def test_half_a_way_to_sign_in_is_refused_without_telling_the_password(
    wrong: dict[str, object],
) -> None:
    with pytest.raises(ValidationError) as refusal:
        KafkaSettings.model_validate({"kafka_bootstrap": "one:9092", **wrong})

    assert "only-for-tests" not in str(refusal.value)
