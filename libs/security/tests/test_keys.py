import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.security.errors import KeyMissing
from libs.security.key_files import generate_keys, rotate
from libs.security.keys import Keys
from libs.security.sealing import seal, unseal

KeysOf = Callable[[str], Keys]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*.json")}


def test_making_keys_again_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    generate_keys(folder, ["hq", "bj", "gd"])
    assert contents(folder) == before


def test_what_an_interruption_left_out_is_made(folder: Path) -> None:
    before = contents(folder)
    (folder / "gd" / "digest.json").unlink()
    (folder / "public" / "gd.json").unlink()
    (folder / "bj" / ".field.json.1").write_text("{")
    generate_keys(folder, ["hq", "bj", "gd"])
    assert contents(folder) == before


def test_processes_that_make_keys_at_once_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=generate_keys, args=(tmp_path, ["hq", "gd"])) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert Keys.load(tmp_path / "hq").digest == Keys.load(tmp_path / "gd").digest


def test_a_province_that_joins_gets_the_fleets_digest_key(folder: Path, keys: KeysOf) -> None:
    generate_keys(folder, ["sh"])
    assert keys("sh").digest == keys("gd").digest
    assert keys("sh").field != keys("gd").field


def test_only_the_owner_may_read_a_key_file(folder: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in folder.glob("*/*.json")} == {0o600}


def test_what_is_public_holds_nothing_secret(folder: Path, keys: KeysOf) -> None:
    text = (folder / "public" / "gd.json").read_text()
    private = [*keys("gd").signing, *keys("gd").sealing.values()]
    assert all(str(key.as_dict(private=True)["d"]) not in text for key in private)
    assert '"d"' not in text
    assert all("d" not in jwk for jwk in keys("gd").published()["keys"])


def test_a_process_without_a_key_misses_it_when_it_needs_it(folder: Path, keys: KeysOf) -> None:
    (folder / "gd" / "signing.json").unlink()
    mine = keys("gd")
    assert mine.field
    with pytest.raises(KeyMissing):
        _ = mine.signing


@pytest.mark.parametrize(
    "content", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "EC", "kid": "x"}]}', '{"keys": 3}', "[]"]
)
def test_a_broken_key_file_is_seen_at_the_start(folder: Path, content: str) -> None:
    (folder / "gd" / "signing.json").write_text(content)
    with pytest.raises(ValueError, match=r"key|EC"):
        Keys.load(folder / "gd")


def test_no_keys_at_all_is_seen_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Keys.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["../gd", "", "GD", "public", "a/b", "."])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="folder"):
        generate_keys(tmp_path, [name])


def test_each_service_has_a_secret_of_its_own_at_each_node(keys: KeysOf) -> None:
    secrets = {keys(node).client_secret(name) for node in ("bj", "gd") for name in ("customer", "product")}
    assert len(secrets) == 4
    assert keys("gd").client_secret("customer") in secrets


def test_sealing_follows_a_rotation_without_a_restart(folder: Path, keys: KeysOf) -> None:
    sender = keys("hq")
    before = seal(b"old", sender.recipient("gd"))
    kid = rotate(folder, "gd", "sealing")
    assert sender.recipient("gd").kid == kid
    reader = keys("gd").sealing
    assert unseal(before, reader) == b"old"
    assert unseal(seal(b"new", sender.recipient("gd")), reader) == b"new"


def test_rotating_the_digest_key_reaches_every_node(folder: Path, keys: KeysOf) -> None:
    old = keys("gd").digest[0]
    kid = rotate(folder, "gd", "digest")
    for node in ("hq", "bj", "gd"):
        assert [key.kid for key in keys(node).digest] == [kid, old.kid]


def test_who_is_not_known_cannot_be_sealed_for(keys: KeysOf) -> None:
    with pytest.raises(KeyMissing):
        keys("hq").recipient("sh")
