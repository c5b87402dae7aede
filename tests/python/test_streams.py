"""Many in one call: contacts enqueued, signals told, agents imported, each with a result of its own; and calls that break."""

import threading

import grpc
import pytest

from api import Refused, connect
from office import eventually
from test_reasons import json_document


def enqueueing(office, number, **fields):
    contact = {"tenant": office.tenant, "request_id": f"r{number}", "contact_id": f"c{number}"}
    return {**contact, "queue": "front", "channel": "chat", **fields}


def results(answers):
    return [result for answer in answers for result in answer["results"]]


def reason(result):
    """Why an item of a stream was refused; empty if it was not."""
    details = result.get("refused", {}).get("details", [])
    return next((detail["reason"] for detail in details if "reason" in detail), "")


def test_each_contact_of_a_stream_has_its_own_result(office):
    contacts = [enqueueing(office, number) for number in range(150)]
    contacts[70]["queue"] = "frnt"
    contacts[71]["contact_id"] = ""
    frames = [{"contacts": contacts[start : start + 50]} for start in range(0, 150, 50)]
    found = results(office.enqueue_contacts(frames=frames))
    assert [int(result["index"]) for result in found] == list(range(150))
    assert {index: reason(result) for index, result in enumerate(found) if "refused" in result} == {
        70: "QUEUE_UNKNOWN",
        71: "INVALID_REQUEST",
    }
    assert office.counts("front") == {"waiting": 148}
    again = results(office.enqueue_contacts(frames=frames))
    assert again == found and office.counts("front") == {"waiting": 148}
    other = [{"contacts": [enqueueing(office, 0, queue="back")]}]
    assert reason(results(office.enqueue_contacts(frames=other))[0]) == "REQUEST_REUSED"


def test_a_stream_of_contacts_that_breaks_is_sent_again(office, proxy):
    frames = [
        {"contacts": [enqueueing(office, number) for number in range(start, start + 20)]} for start in range(0, 600, 20)
    ]
    with connect(proxy.address) as channel:
        over = office.of(office.tenant, channel)
        answered = []
        with pytest.raises(grpc.RpcError) as broken:
            for answer in over.enqueue_contacts(frames=frames_then_wait(frames)):
                answered += answer["results"]
                if len(answered) >= 100:
                    proxy.cut()
        assert Refused(broken.value).reason == ""
        found = results(persistently_streamed(over, frames))
    assert len(found) == 600 and not any("refused" in result for result in found)
    assert [result["enqueued"] for result in found[: len(answered)]] == [result["enqueued"] for result in answered]
    assert office.counts("front") == {"waiting": 600}


def frames_then_wait(frames):
    """Never says that it has sent all, so that only the cut can end the call."""
    yield from frames
    threading.Event().wait(5)


def persistently_streamed(api, frames):
    return eventually(lambda: attempt(lambda: list(api.enqueue_contacts(frames=frames))))


def attempt(call):
    try:
        return call()
    except grpc.RpcError:
        return None


def test_each_signal_of_a_stream_has_its_own_result(office):
    office.enqueue("c1")
    office.enqueue("c2")
    feeling = {"modality": "SIGNAL_MODALITY_TEXT", "valence": {"value": -0.8, "confidence": 0.9}}
    said = [{"contact_id": f"c{1 + number % 2}", "signal_id": f"s{number}", **feeling} for number in range(40)]
    said[7]["contact_id"] = "nobody"
    said[8]["valence"] = {"value": 2}
    frames = [{"signals": said[start : start + 20]} for start in range(0, 40, 20)]
    found = results(office.signals(frames=frames))
    assert [int(result["index"]) for result in found] == list(range(40))
    refused = {index: reason(result) for index, result in enumerate(found) if "refused" in result}
    assert refused == {7: "CONTACT_UNKNOWN", 8: "INVALID_REQUEST"}
    assert all(result["accepted"]["news"] for result in found if "accepted" in result)
    assert office.contact("c1")["score"] > 0
    again = results(office.signals(frames=frames))
    assert not any(result["accepted"]["news"] for result in again if "accepted" in result)


def test_agents_are_imported_in_batches(office):
    agents = [
        {"agent_id": f"a{number:03}", "profile": {"skills": {"cards": 1 + number % 100}}} for number in range(150)
    ]
    agents[7]["profile"] = {"skills": {"cardz": 1}}
    batches = [
        {"tenant": office.tenant, "request_id": f"b{start}", "agents": agents[start : start + 100]}
        for start in (0, 100)
    ]
    checked = results(office.import_agents(frames=[{**batch, "validate_only": True} for batch in batches]))
    assert [reason(result) for result in checked if "refused" in result] == ["SKILL_UNKNOWN"]
    assert office.rows("list_agents", "agents") == []
    found = results(office.import_agents(frames=batches))
    assert [result["agent_id"] for result in found] == [agent["agent_id"] for agent in agents]
    assert [int(result["index"]) for result in found] == list(range(150)) and reason(found[7]) == "SKILL_UNKNOWN"
    listed = office.rows("list_agents", "agents", page_size=60)
    assert len(listed) == 149
    etags = {result["agent_id"]: result["etag"] for result in found if "etag" in result}
    assert {agent["agent_id"]: agent["etag"] for agent in listed} == etags
    assert results(office.import_agents(frames=batches)) == found


def test_an_etag_keeps_two_writers_apart(office):
    first = office.put_agent(agent_id="ana", profile={"capacity": 50}, mode="PUT_MODE_CREATE")["etag"]
    second = office.put_agent(agent_id="ana", profile={"capacity": 60}, etag=first)["etag"]
    assert second != first and office.get_agent(agent_id="ana")["agent"]["etag"] == second
    rows = [{"agent_id": "ana", "profile": {}, "etag": first}, {"agent_id": "ana", "profile": {}, "etag": second}]
    frames = [{"tenant": office.tenant, "request_id": "b1", "agents": rows}]
    found = results(office.import_agents(frames=frames))
    assert [reason(result) for result in found] == ["AGENT_CHANGED", ""]


def test_a_document_moves_the_contacts_of_a_queue_it_removes(office):
    for contact in ("c1", "c2"):
        office.enqueue(contact, queue="back")
    document = json_document(channels={"chat": {}}, queues={"other": {}})
    office.apply_document(document=document, moves=[{"from": "back", "to": "other"}])
    eventually(lambda: {office.contact(contact)["queue"] for contact in ("c1", "c2")} == {"other"})
    assert [office.position(contact) for contact in ("c1", "c2")] == [0, 1]
