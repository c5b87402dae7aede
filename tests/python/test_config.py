"""The routing document over the API: read, checked, applied to contacts that wait."""

import json

import pytest

from daemon import DOCUMENT
from office import refused


def toml(text):
    return {"format": "DOCUMENT_FORMAT_TOML", "text": text}


def changed(before, after):
    text = DOCUMENT.read_text()
    assert before in text
    return toml(text.replace(before, after))


def test_the_document_is_given_back_to_the_byte(office):
    found = office.get_document()
    assert found["document"] == toml(DOCUMENT.read_text()) and int(found["version"]) >= 1


def test_a_check_lists_every_violation_and_changes_nothing(office):
    assert office.validate_document(document=office.get_document()["document"])["violations"] == []
    before = office.picture()
    document = {"channels": {"chat": {"cost": 0}}, "queues": {"front": {"ofers": {}, "max_wait": {"then": "overflow"}}}}
    found = office.validate_document(document={"format": "DOCUMENT_FORMAT_JSON", "text": json.dumps(document)})
    paths = [violation["path"] for violation in found["violations"]]
    assert paths == ["channels.chat.cost", "queues.front.max_wait.queue", "queues.front.ofers"]
    assert "offers" in found["violations"][2]["message"], "what was probably meant"
    assert office.picture() == before


@pytest.mark.parametrize("text", ["queues = [", "\u0000", "{}"], ids=["cut off", "no text", "another notation"])
def test_a_text_that_is_no_document_is_a_violation(office, text):
    assert len(office.validate_document(document=toml(text))["violations"]) == 1


def test_contacts_that_wait_follow_the_new_document(office):
    ana = office.desk("ana", skills={"cards": 50})
    office.enqueue("c1", queue="bilingual")
    version = int(office.get_document()["version"])
    document = changed('require = { all = ["polish>=50"] }', 'require = { all = ["cards>=50"] }')
    assert int(office.apply_document(document=document)["version"]) == version + 1
    assert int(ana.take("c1")["choice"]["document_version"]) == version + 1
    assert office.get_document()["document"] == document


def test_a_document_is_applied_on_top_of_the_version_that_was_read(office):
    found = office.get_document()
    office.apply_document(document=found["document"], etag=found["etag"])
    with refused("VERSION_MISMATCH", "ABORTED") as caught:
        office.apply_document(document=found["document"], etag=found["etag"])
    assert caught[0].metadata["actual"] == office.get_document()["etag"]
