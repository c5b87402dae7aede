"""Many agents over one call: at work, refused frame by frame, moved between calls, cut off and back."""

from api import connect
from gateway import Gateway
from office import eventually

AGENTS = [f"a{number}" for number in range(20)]
AVAILABLE = {"presence": {"state": "PRESENCE_STATE_AVAILABLE"}}


def at_work(office, api=None, agents=AGENTS):
    """A gateway at which all these agents are available for one chat each."""
    for agent in agents:
        office.agent(agent, capacity=50)
    gateway = Gateway(api or office)
    gateway.send(*((agent, "open_session", {}, f"{agent}:1") for agent in agents))
    for agent in agents:
        assert gateway.wait_for("welcome", agent)["session_id"] == f"{agent}:1"
    ids = gateway.send(*((agent, "set_presence", AVAILABLE) for agent in agents))
    for agent, request in zip(agents, ids):
        assert gateway.wait_for("result", agent, request_id=request)["presence"] == {"pending": False}
    return gateway


def offers_of(gateway, office, contacts):
    """Whom each of these contacts is offered to, and the offer's id."""
    state = {"states": ["CONTACT_STATE_OFFERED"]}
    eventually(lambda: len(office.rows("list_contacts", "contacts", **state)) == len(contacts))
    open_offers = {
        row["contact_id"]: row["open_offers"][0] for row in office.rows("list_contacts", "contacts", **state)
    }
    for contact, offer in open_offers.items():
        assert gateway.offered(offer["agent_id"], contact)["offer_id"] == offer["offer_id"]
    return open_offers


def test_many_agents_work_over_one_call(office):
    gateway = at_work(office)
    contacts = [f"c{number}" for number in range(len(AGENTS))]
    for contact in contacts:
        office.enqueue(contact, queue="wrapped")
    open_offers = offers_of(gateway, office, contacts)
    assert {offer["agent_id"] for offer in open_offers.values()} == set(AGENTS)
    for contact, offer in open_offers.items():
        agent, answer = offer["agent_id"], {"offer_id": offer["offer_id"]}
        assert "expire_time" in gateway.act(agent, "ack_offer", **answer)
        assert gateway.act(agent, "accept_offer", **answer)["engagement"]["contact_id"] == contact
        assert "wrap_up_end_time" in gateway.act(agent, "complete_contact", contact_id=contact)
        assert "wrap_up_end_time" in gateway.act(agent, "extend_wrap_up", contact_id=contact, by="1s")
        assert "done" in gateway.act(agent, "end_wrap_up", contact_id=contact)
        assert office.outcome(contact) == "HANDLED"
    gateway.finish()
    assert gateway.ended() == "OK"


def test_a_refused_frame_ends_nothing(office):
    gateway = at_work(office, agents=["ana"])
    office.enqueue("c1")
    offer = gateway.offered("ana", "c1")
    refused = gateway.act("ana", "accept_offer", offer_id="o4711")["refused"]
    assert refused["code"] == 5 and refused["details"][0]["reason"] == "OFFER_UNKNOWN"
    assert gateway.act("nobody", "set_presence", **AVAILABLE)["refused"]["details"][0]["reason"] == "AGENT_UNKNOWN"
    assert "done" in gateway.act("ana", "decline_offer", offer_id=offer["offer_id"], reason="busy")
    again = gateway.offered("ana", "c1")
    gateway.act("ana", "ack_offer", offer_id=again["offer_id"])
    assert "expire_time" in gateway.act("ana", "extend_offer", offer_id=again["offer_id"], by="1s")
    gateway.act("ana", "accept_offer", offer_id=again["offer_id"])
    assert "done" in gateway.act("ana", "report_connect_failed", contact_id="c1", reason="no media")


def test_an_agent_moves_between_a_gateway_and_a_stream_of_its_own(office):
    gateway = at_work(office, agents=["ana"])
    office.enqueue("c1")
    offer = gateway.offered("ana", "c1")
    desk = office.follow("ana", session="ana:1")
    assert desk.welcome["resumed"] and desk.offered("c1")["offer_id"] == offer["offer_id"]
    assert gateway.wait_for("go_away", "ana")["reason"] == "GO_AWAY_REASON_REPLACED"
    assert gateway.open("ana", "ana:1")["open_offers"] == 1
    assert desk.wait_for("go_away")["reason"] == "GO_AWAY_REASON_REPLACED"
    gateway.act("ana", "accept_offer", offer_id=gateway.offered("ana", "c1")["offer_id"])
    assert office.contact("c1")["agent_id"] == "ana"


def test_a_gateway_that_is_cut_off_comes_back_with_every_offer(office, proxy):
    with connect(proxy.address) as channel:
        over = office.of(office.tenant, channel)
        gateway = at_work(office, over)
        contacts = [f"c{number}" for number in range(len(AGENTS))]
        for contact in contacts:
            office.enqueue(contact)
        before = offers_of(gateway, office, contacts)
        proxy.cut()
        assert gateway.ended() == "UNAVAILABLE"
        again = Gateway(over)
        again.send(*((agent, "open_session", {}, f"{agent}:1") for agent in AGENTS))
        for agent in AGENTS:
            welcome = again.wait_for("welcome", agent)
            assert welcome["resumed"] and welcome["open_offers"] == 1
        for contact, offer in before.items():
            assert again.offered(offer["agent_id"], contact)["offer_id"] == offer["offer_id"]
            again.act(offer["agent_id"], "accept_offer", offer_id=offer["offer_id"])
        engaged = office.rows("list_contacts", "contacts", states=["CONTACT_STATE_ENGAGED"])
        assert {row["contact_id"]: row["agent_id"] for row in engaged} == {
            contact: offer["agent_id"] for contact, offer in before.items()
        }
        again.finish()
        assert again.ended() == "OK"
