"""Secrets of a trial: made once, closed to others, and alike on both sides where two sides need one."""

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from deploy.containers.secrets import make_secrets
from deploy.local.trouble import Trouble
from libs.security.keys import Keys
from libs.security.transport import trusted_authorities

NODES = ["hq", "gd", "bj"]


def _contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_repeating_it_changes_nothing_and_another_node_only_adds(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert make_secrets(folder, NODES, "unicrm.test")
    before = _contents(folder)
    assert make_secrets(folder, NODES, "unicrm.test") == []
    assert _contents(folder) == before
    added = make_secrets(folder, ["sh"], "unicrm.test")
    after = _contents(folder)
    assert before.items() <= after.items()
    assert set(added) == {file for file in after.keys() - before.keys() if not file.name.startswith(".")}


def test_nobody_else_can_enter_and_no_container_needs_to_own_anything(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder, NODES, "unicrm.test")
    assert folder.stat().st_mode & 0o777 == 0o700
    for part in (one for one in folder.rglob("*") if not one.name.startswith(".")):
        readable = 0o400 if part.name == "ca.key" else 0o444
        assert part.stat().st_mode & 0o777 == (0o755 if part.is_dir() else readable), part


def test_a_province_and_headquarters_hold_the_same_password_for_its_mirror(tmp_path: Path) -> None:
    make_secrets(tmp_path / "s", NODES, "unicrm.test")
    passwords = {node: (tmp_path / "s" / "hq" / "provinces" / node).read_text() for node in ("gd", "bj")}
    for node, password in passwords.items():
        assert (tmp_path / "s" / node / "mirror.properties").read_text() == f"password={password}\n"
    assert len(set(passwords.values())) == 2
    assert min(map(len, passwords.values())) >= 32


def test_a_province_that_brings_its_password_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    make_secrets(folder, ["gd"], "unicrm.test")
    brought = (folder / "gd" / "mirror.properties").read_text()
    (folder / "hq" / "provinces" / "gd").unlink()
    make_secrets(folder, NODES, "unicrm.test")
    assert brought == f"password={(folder / 'hq' / 'provinces' / 'gd').read_text()}\n"


def test_every_role_has_a_password_of_its_own(tmp_path: Path) -> None:
    make_secrets(tmp_path / "s", NODES, "unicrm.test")
    files = list((tmp_path / "s").glob("*/postgres/*"))
    assert {"superuser", "hq_hq_router", "gd_access"} <= {file.name for file in files}
    assert "gd_hq_router" not in {file.name for file in files}
    assert len({file.read_text() for file in files}) == len(files)


def test_certificates_are_good_for_the_names_of_their_servers(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    make_secrets(folder, NODES, "example.org")
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    for file, names in {
        folder / "gd" / "tls" / "gateway.crt": {"gd.example.org", "gateway", "localhost"},
        folder / "hq" / "tls" / "kafka.pem": {"kafka.hq.example.org", "localhost"},
    }.items():
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        certificate.verify_directly_issued_by(authority)
        said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(said.get_values_for_type(x509.DNSName)) == names
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "gd" / "tls" / "gateway.crt", folder / "gd" / "tls" / "gateway.key")


async def test_a_client_that_is_told_of_the_authority_believes_a_node_and_no_other_does(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "s"
    make_secrets(folder, ["gd"], "unicrm.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "gd" / "tls" / "gateway.crt", folder / "gd" / "tls" / "gateway.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with httpx.AsyncClient(verify=trusted_authorities(folder / "ca.crt")) as told:
            assert (await told.get(url)).status_code == 200
        async with httpx.AsyncClient(verify=trusted_authorities()) as untold:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await untold.get(url)
    with pytest.raises(FileNotFoundError):
        trusted_authorities(tmp_path / "none.crt")


def test_a_node_finds_its_keys_and_the_others_public_halves(tmp_path: Path) -> None:
    make_secrets(tmp_path / "s", NODES, "unicrm.test")
    keys = Keys.load(tmp_path / "s" / "keys" / "gd")
    assert keys.signing
    assert keys.recipient("hq")
    assert keys.recipient("production")
    assert keys.digest == Keys.load(tmp_path / "s" / "keys" / "hq").digest


def test_what_is_no_node_gets_nothing(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="no node xx"):
        make_secrets(tmp_path / "s", ["hq", "xx"], "unicrm.test")
    assert not (tmp_path / "s").exists()
