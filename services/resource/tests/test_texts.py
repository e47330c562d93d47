from pathlib import Path

from libs.web import texts
from services.resource import app
from services.resource.tasks import rules


def test_every_refusal_has_its_text_in_both_languages() -> None:
    folder = Path(app.__file__).parent / "texts"
    assert not [fault for fault in texts.completeness() if str(folder) in fault]


def test_every_reason_of_a_task_has_a_text() -> None:
    folder = Path(app.__file__).parent / "texts"
    for name in (
        rules.NUMBER_NOT_AVAILABLE,
        rules.CARD_NOT_AVAILABLE,
        rules.CARD_KIND_NOT_ALLOWED,
        rules.NETWORK_MISMATCH,
        rules.PROFILE_NOT_AVAILABLE,
        rules.NOT_HELD,
        rules.UNDONE_BEFORE,
    ):
        for language in texts.LANGUAGES:
            assert texts.text(folder, name, language), (name, language)
