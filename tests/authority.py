"""Time stamping authorities made of `openssl ts`, honest ones and others."""

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

TIME_STAMPING = x509.ExtendedKeyUsageOID.TIME_STAMPING
NEEDS_OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")

_CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
{chain}
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def openssl(*arguments: str | Path) -> bytes:
    """What the command writes."""
    command = ["openssl", *(str(part) for part in arguments)]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


@dataclass
class Signer:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: RSAPrivateKey

    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)


def certify(
    name: str,
    by: Signer | None = None,
    *,
    ca: bool = False,
    uses: tuple[x509.ObjectIdentifier, ...] = (TIME_STAMPING,),
    days: tuple[int, int] = (-1, 30),
) -> Signer:
    """A certificate valid for these days from now: by itself, or by `by`."""
    key, now = generate_private_key(65537, 2048), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer, signing = (subject, key) if by is None else (by.certificate.subject, by.key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
        .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), critical=True)
    )
    if not ca and uses:
        made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=True)
    return Signer(made.sign(signing, hashes.SHA256()), key)


@dataclass
class Authority:
    """An authority in a folder: `root` is what one trusts, `signer` gives the stamps, `chain` is put into each."""

    folder: Path
    root: Signer
    signer: Signer
    chain: tuple[Signer, ...] = ()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.pem").write_bytes(self.signer.pem())
        (self.folder / "tsa.key").write_bytes(self.signer.key.private_bytes(*plain))
        (self.folder / "ca.pem").write_bytes(self.root.pem())
        (self.folder / "chain.pem").write_bytes(b"".join(part.pem() for part in self.chain))
        chain = f"certs = {self.folder}/chain.pem" if self.chain else ""
        (self.folder / "tsa.cnf").write_text(_CONFIG.format(folder=self.folder, chain=chain))

    @property
    def ca(self) -> Path:
        """The file of the root."""
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> bytes:
        """The answer to a request."""
        (self.folder / "asked").write_bytes(query)
        config = ("-config", self.folder / "tsa.cnf", "-section", "it")
        return openssl("ts", "-reply", *config, "-queryfile", self.folder / "asked")

    def stamp(self, data: bytes, digest: str = "sha256") -> bytes:
        """A time stamp over `data`."""
        (self.folder / "data").write_bytes(data)
        query = openssl("ts", "-query", "-data", self.folder / "data", f"-{digest}", "-cert")
        return self.answer(query)

    def forge(self, genuine: bytes, certificate: Signer) -> bytes:
        """The words of a genuine stamp, signed by another certificate, whatever that may be for."""
        for name, content in (("genuine", genuine), ("other.pem", certificate.pem())):
            (self.folder / name).write_bytes(content)
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "other.key").write_bytes(certificate.key.private_bytes(*plain))
        token, said, made = (self.folder / name for name in ("token", "said", "made"))
        openssl("ts", "-reply", "-in", self.folder / "genuine", "-token_out", "-out", token)
        openssl("cms", "-verify", "-noverify", "-in", token, "-inform", "DER", "-out", said)
        openssl(
            *("cms", "-sign", "-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4"),
            *("-in", said, "-signer", self.folder / "other.pem", "-inkey", self.folder / "other.key"),
            *("-outform", "DER", "-out", made),
        )
        return _sequence(_sequence(b"\x02\x01\x00") + made.read_bytes())


def make_authority(folder: Path, name: str = "Test") -> Authority:
    """A root and a time stamping certificate under it."""
    root = certify(f"{name} root", ca=True)
    return Authority(folder, root, certify(f"{name} stamps", root))


def _sequence(content: bytes) -> bytes:
    """A DER sequence."""
    length = len(content)
    if length < 128:
        return bytes([0x30, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([0x30, 0x80 | size]) + length.to_bytes(size, "big") + content
