"""Agents as resources, and their sessions: opened, lost, resumed, replaced, ended; presence that waits for work."""

from office import eventually, refused


def test_an_agent_is_created_changed_listed_and_removed(office):
    profile = {
        "display_name": "Ana Żółć",
        "skills": {"cards": 80},
        "queues": ["members"],
        "capacity": 150,
        "channel_limits": {"chat": 2},
        "attributes": {"site": "Kraków"},
        "empathy_fixed": False,
    }
    office.agent("ana", **profile)
    assert office.get_agent(agent_id="ana")["agent"]["profile"] == profile
    office.agent("ana", skills={"billing": 10})
    changed = office.get_agent(agent_id="ana")["agent"]
    assert changed["profile"]["skills"] == {"billing": 10} and changed["profile"]["capacity"] == 100
    assert changed["presence"] == {"state": "PRESENCE_STATE_OFFLINE", "reason": ""}
    for number in range(12):
        office.agent(f"b{number:02}")
    listed = [agent["agent_id"] for agent in office.rows("list_agents", "agents", page_size=5)]
    assert listed == ["ana"] + [f"b{number:02}" for number in range(12)]
    office.delete_agent(agent_id="ana")
    with refused("AGENT_UNKNOWN", "NOT_FOUND"):
        office.get_agent(agent_id="ana")


def test_a_session_has_the_id_that_the_desktop_chose(office):
    office.agent("ana")
    desk = office.follow("ana", session="mine:1")
    assert desk.session == "mine:1" and not desk.welcome["resumed"] and desk.welcome["open_offers"] == 0
    assert desk.welcome["agent"]["agent_id"] == "ana"
    assert desk.seen()["session"] == {"session_id": "mine:1", "connected": True}


def test_a_lost_session_is_resumed_with_its_offers(office):
    ana = office.desk("ana")
    office.engaged(ana, "c1")
    office.enqueue("c2")
    offer = ana.offered("c2")
    expires = ana.ack(offer)["expire_time"]
    ana.close()
    eventually(lambda: not ana.seen()["session"]["connected"])
    welcome = ana.resume()
    assert welcome["open_offers"] == 1
    again = ana.offered("c2")
    assert again["offer_id"] == offer["offer_id"] and again["expire_time"] == expires
    ana.accept(again)
    assert ana.work() == {"c1": "ENGAGED", "c2": "ENGAGED"}


def test_after_the_grace_period_an_agent_is_gone(office):
    ana, ben = office.desk("ana"), office.desk("ben", state="AWAY")
    office.enqueue("chat")
    ana.take("chat")
    office.enqueue("offered")
    offer = ana.offered("offered")
    ana.ack(offer)
    ana.close()
    eventually(lambda: ana.presence() == "OFFLINE")
    assert office.state("chat") == "QUEUED" and office.state("offered") == "QUEUED"
    with refused("OFFER_RESCINDED", "FAILED_PRECONDITION"):
        ana.accept(offer)
    ben.be("AVAILABLE")
    ben.take("chat")
    ben.take("offered")
    assert not ana.open(ana.session)["resumed"]


def test_a_call_outlives_the_desktop(office):
    ana = office.desk("ana")
    office.engaged(ana, "call", queue="calls", channel="voice")
    ana.close()
    eventually(lambda: office.contact("call")["unconfirmed"])
    assert office.state("call") == "ENGAGED" and ana.work() == {"call": "UNCONFIRMED"}
    ana.open()
    assert not office.contact("call")["unconfirmed"] and ana.work() == {"call": "ENGAGED"}
    office.complete_contact(contact_id="call")
    assert office.outcome("call") == "HANDLED"


def test_the_newest_stream_replaces_the_one_before(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    other = office.follow("ana", session=ana.session)
    assert other.welcome["resumed"] and other.offered("c1")["offer_id"] == offer["offer_id"]
    assert ana.wait_for("go_away")["reason"] == "GO_AWAY_REASON_REPLACED"
    assert ana.ended() == "OK"
    third = office.follow("ana", session="another")
    assert not third.welcome["resumed"], "a new session"
    assert other.wait_for("go_away")["reason"] == "GO_AWAY_REASON_REPLACED"
    assert third.seen()["session"] == {"session_id": "another", "connected": True}


def test_leaving_waits_for_the_work_to_end(office):
    ana = office.desk("ana")
    office.engaged(ana, "c1")
    office.enqueue("c2", target={"agent_id": "ana"})
    offer = ana.offered("c2")
    assert ana.be("AWAY", "lunch") == {"pending": True}
    assert ana.rescinded(offer) == "AGENT_LEFT"
    pending = {"state": "PRESENCE_STATE_AWAY", "reason": "lunch"}
    assert ana.seen()["pending_presence"] == pending and ana.presence() == "AVAILABLE"
    ana.wait_for("presence_changed", pending_presence=pending)
    office.complete_contact(contact_id="c1")
    ana.wait_for("presence_changed", presence=pending)
    assert ana.presence() == "AWAY" and "pending_presence" not in ana.seen()
    assert office.state("c2") == "QUEUED"


def test_coming_back_takes_a_pending_leave_back(office):
    ana = office.desk("ana")
    office.engaged(ana, "c1")
    assert ana.be("OFFLINE")["pending"]
    assert not ana.be("AVAILABLE")["pending"]
    assert "pending_presence" not in ana.seen()


def test_signing_out_ends_the_stream(office):
    ana = office.desk("ana")
    assert ana.be("OFFLINE") == {"pending": False}
    assert ana.wait_for("go_away")["reason"] == "GO_AWAY_REASON_SIGNED_OUT"
    assert ana.ended() == "OK"
    office.delete_agent(agent_id="ana")


def test_a_contact_that_waits_for_a_removed_agent_waits_for_anyone(office):
    office.agent("ana")
    office.enqueue("c1", target={"agent_id": "ana"})
    ben = office.desk("ben")
    office.enqueue("c2")
    ben.take("c2")
    assert not ben.has_offer_of("c1")
    office.delete_agent(agent_id="ana")
    ben.take("c1")


def test_a_quiet_stream_shows_that_it_lives(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    ana.take("c1")
    last = len(ana.log)
    checkpoint = eventually(
        lambda: [message["checkpoint"] for message in ana.log if "checkpoint" in message], within=20
    )
    assert int(checkpoint[0]["last_sequence"]) >= last
