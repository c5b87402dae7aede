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
