"""Certificates of an installation's own authority: for brokers, and for jobs that have no name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LASTS = timedelta(days=3650)
LEAF_LASTS = timedelta(days=397)
"""What browsers and auditors take as the longest for a leaf."""

RENEW_BEFORE = timedelta(days=60)
"""The job runs at each deploying; two months without one are not expected."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""A certificate must not be from the future on a machine whose clock is behind."""


@dataclass(frozen=True)
class Authority:
    """Who signs: the certificate that clients believe, and the key nobody else has. Both PEM."""

    certificate: str
    key: str


def new_authority(name: str, now: datetime) -> Authority:
    """A new authority; it signs leaves only."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    certificate = (
        _dated(now, AUTHORITY_LASTS)
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(_pem(certificate), _key_pem(key))


def issue(authority: Authority, name: str, hosts: Sequence[str], now: datetime) -> str:
    """A key (PKCS 8) and its certificate in one PEM; `hosts` makes it a server's as well."""
    signer = x509.load_pem_x509_certificate(authority.certificate.encode())
    signing = load_pem_private_key(authority.key.encode(), password=None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not of an elliptic curve")
    key = ec.generate_private_key(ec.SECP256R1())
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _dated(now, LEAF_LASTS)
        .subject_name(_named(name))
        .issuer_name(signer.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if hosts:
        purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False
        )
    certificate = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False).sign(
        signing, hashes.SHA256()
    )
    return _key_pem(key) + _pem(certificate)


def is_current(pem: str, authority: Authority, hosts: Sequence[str], now: datetime) -> bool:
    """Whether a leaf is this authority's, names these hosts, and need not be renewed yet."""
    leaf = x509.load_pem_x509_certificate(pem.encode())
    signer = x509.load_pem_x509_certificate(authority.certificate.encode())
    try:
        leaf.verify_directly_issued_by(signer)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is issued anew
        return False
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName) if hosts else None
    named = names.value.get_values_for_type(x509.DNSName) if names else []
    return named == list(hosts) and now + RENEW_BEFORE < leaf.not_valid_after_utc


def _dated(now: datetime, lasts: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + lasts)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
