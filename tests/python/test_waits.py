"""What waits, and where in line."""

from office import refused, seconds


def test_positions_follow_the_order_of_arrival(office):
    for number in range(20):
        office.enqueue(f"c{number}")
    office.enqueue("elsewhere", queue="back")
    assert [office.position(f"c{number}") for number in range(20)] == list(range(20))
    office.cancel_contact(contact_id="c3", reason="CANCEL_REASON_CUSTOMER_LEFT")
    assert office.position("c2") == 2 and office.position("c4") == 3
    position = office.get_position(contact_id="c19")
    assert position["queue"] == "front" and position["waiting"] == "19" and seconds(position["waited_duration"]) >= 0
    with refused("CONTACT_CLOSED", "FAILED_PRECONDITION"):
        office.position("c3")


def test_counts_follow_every_step_of_a_contact(office):
    assert office.counts("front") == {}
    office.enqueue("c1")
    office.enqueue("c2")
    office.enqueue("c3")
    office.park_contact(contact_id="c3")
    assert office.counts("front") == {"waiting": 3, "parked": 1}
    oldest = office.get_queue_statistics(queue="front")["statistics"]
    assert (
        oldest["oldest_time"] == office.contact("c1")["queue_time"] and seconds(oldest["oldest_waited_duration"]) >= 0
    )
    ana = office.desk("ana", capacity=50)
    ana.offered("c1")
    assert office.counts("front") == {"waiting": 3, "offered": 1, "parked": 1}
    office.accept_offer(agent_id="ana", offer_id=office.contact("c1")["open_offers"][0]["offer_id"])
    assert office.counts("front") == {"waiting": 2, "parked": 1, "engaged": 1}
    office.complete_contact(contact_id="c1")
    ana.take("c2")
    office.cancel_contact(contact_id="c3", reason="CANCEL_REASON_WITHDRAWN")
    assert office.counts("front") == {"engaged": 1}


def test_every_queue_has_its_counts(office):
    office.enqueue("c1", queue="wrapped")
    rows = office.rows("list_queue_statistics", "statistics", page_size=4)
    names = [row["queue"] for row in rows]
    assert names == sorted(names) and {"front", "back", "wrapped"} <= set(names)
    assert {row["queue"]: row["waiting"] for row in rows if row["waiting"] != "0"} == {"wrapped": "1"}


def test_a_wait_is_unknown_until_three_were_handled_and_then_has_a_range(office):
    office.enqueue("c0")
    assert office.estimate_wait(contact_id="c0")["wait"]["unknown"] == "WAIT_UNKNOWN_NOBODY_THERE"
    ana = office.desk("ana", capacity=50)
    ana.offered("c0")
    office.enqueue("c1")
    assert office.estimate_wait(contact_id="c1")["wait"]["unknown"] == "WAIT_UNKNOWN_FEW_STARTS"
    for number in range(3):
        office.accept_offer(agent_id="ana", offer_id=office.contact(f"c{number}")["open_offers"][0]["offer_id"])
        office.complete_contact(contact_id=f"c{number}")
        office.enqueue(f"c{number + 2}")
    wait = office.estimate_wait(contact_id="c4")["wait"]
    assert wait["unknown"] == "WAIT_UNKNOWN_UNSPECIFIED" and wait["pooled"] and wait["queue"] == "front"
    assert 0 <= seconds(wait["p50_duration"]) <= seconds(wait["p80_duration"]) <= seconds(wait["p90_duration"])
    office.pause_queue(queue="front", actor="maria", reason="lunch")
    assert office.estimate_wait(contact_id="c4")["wait"]["unknown"] == "WAIT_UNKNOWN_NOT_OFFERED"


def test_the_quickest_channel_comes_first_and_a_full_queue_last(office):
    office.desk("ana", capacity=100)
    office.enqueue("c1", queue="single")
    waits = office.list_quickest_channels(
        options=[{"queue": "single", "channel": "chat"}, {"queue": "front"}], customer_id="ada"
    )["waits"]
    assert {wait["channel"] for wait in waits if wait["queue"] == "front"} == {"voice", "chat", "email"}
    assert seconds(waits[0]["p80_duration"]) == 0 and waits[0]["unknown"] == "WAIT_UNKNOWN_UNSPECIFIED"
    with refused("QUEUE_UNKNOWN", "NOT_FOUND"):
        office.list_quickest_channels(options=[{"queue": "frnt"}])
