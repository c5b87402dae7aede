"""The routing document's history: who applied what and why, compared, rolled back to, and tried without effect."""

from office import eventually, refused
from test_config import changed

LEA = {"author": "lea", "note": "Polish for everybody"}
ANYONE = ('require = { all = ["polish>=50"] }', 'require = { all = ["polish>=20"] }')


def test_every_version_is_remembered_with_who_and_why(office):
    first = office.get_document()
    applied = office.apply_document(document=changed(*ANYONE), etag=first["etag"], **LEA)
    versions = office.rows("list_document_versions", "versions", page_size=1)
    assert [int(version["version"]) for version in versions] == [int(applied["version"]), int(first["version"])]
    assert (versions[0]["author"], versions[0]["note"]) == ("lea", "Polish for everybody")
    assert versions[0]["etag"] == applied["etag"] and versions[1]["etag"] == first["etag"]
    assert office.get_document(version=first["version"])["document"] == first["document"]
    with refused("DOCUMENT_VERSION_UNKNOWN", "NOT_FOUND"):
        office.get_document(version="4711")


def test_versions_are_compared_value_by_value(office):
    first = office.get_document()["version"]
    office.apply_document(document=changed(*ANYONE))
    path = "queues.bilingual.require.all"
    found = office.diff_documents(from_version=first, to_version="0")["differences"]
    assert [(row["path"], row["old_value"], row["new_value"]) for row in found] == [
        (path, '["polish>=50"]', '["polish>=20"]')
    ], found
    document = office.get_document(version=first)["document"]
    document["text"] = "# Only a comment.\n" + document["text"]
    assert office.diff_documents(from_version=first, to_document=document)["differences"] == []


def test_a_roll_back_is_a_new_version_of_an_old_text(office):
    ana = office.desk("ana", skills={"polish": 30})
    first = office.get_document()
    office.apply_document(document=changed(*ANYONE))
    office.enqueue("c1", queue="bilingual")
    ana.take("c1")
    rolled = office.roll_back_document(version=first["version"], **LEA)
    assert int(rolled["version"]) == int(first["version"]) + 2
    now = office.get_document()
    assert now["document"] == first["document"] and now["details"]["rolled_back_to"] == first["version"]
    office.enqueue("c2", queue="bilingual")
    office.enqueue("c3")
    ana.take("c3")
    assert office.state("c2") == "QUEUED", "the old requirement holds again"


def test_a_dry_run_says_what_would_happen_and_changes_nothing(office):
    for number in range(5):
        office.enqueue(f"c{number}", queue="bilingual")
    before = office.picture()
    tried = office.apply_document(document=changed(*ANYONE), validate_only=True)
    found = {row["queue"]: row for row in tried["preview"]["queues"]}
    assert set(found) == {"bilingual"} and found["bilingual"]["change"] == "QUEUE_CHANGE_CHANGED"
    assert int(found["bilingual"]["rematched"]) == 5 and tried["preview"]["refusals"] == []
    document = {"format": "DOCUMENT_FORMAT_YAML", "text": "{channels: {chat: {}}, queues: {other: {}}}"}
    tried = office.apply_document(document=document, validate_only=True)
    reasons = [
        detail["reason"] for row in tried["preview"]["refusals"] for detail in row["details"] if "reason" in detail
    ]
    assert reasons == ["QUEUES_NOT_EMPTY"]
    moves = [{"from": "bilingual", "to": "other"}]
    tried = office.apply_document(document=document, moves=moves, validate_only=True)
    removed = {row["queue"]: row for row in tried["preview"]["queues"]}["bilingual"]
    assert (removed["change"], removed["to"], removed["moved"]) == ("QUEUE_CHANGE_REMOVED", "other", "5")
    assert office.picture() == before
    office.apply_document(document=document, moves=moves)
    eventually(lambda: office.counts("other") == {"waiting": 5})
