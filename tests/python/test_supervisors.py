"""Supervisors: contacts moved, pulled and put first, presence forced, queues paused and drained, with who and why."""

from office import eventually, refused

LEA = {"actor": "lea", "reason": "noon rush"}


def test_a_contact_is_moved(office):
    office.enqueue("c1")
    office.enqueue("c2")
    moved = office.move_contact(contact_id="c2", queue="back", place="PLACE_KEEP", **LEA)
    assert moved["queue"] == "back" and office.contact("c2")["queue"] == "back"
    assert office.counts("front") == {"waiting": 1}


def test_a_queue_is_emptied_into_another(office):
    for number in range(300):
        office.enqueue(f"c{number:03}")
    moved = office.move_queue(queue="front", destination_queue="back", place="PLACE_KEEP", **LEA)
    assert moved["waiting"] == "300"
    eventually(lambda: office.counts("back") == {"waiting": 300})
    assert [office.position(f"c{number:03}") for number in (0, 150, 299)] == [0, 150, 299]


def test_a_pulled_contact_is_next_for_its_agent(office):
    ana = office.desk("ana", capacity=50)
    office.engaged(ana, "c0")
    for contact in ("c1", "c2", "c3"):
        office.enqueue(contact)
    office.pull_contact(contact_id="c3", agent={"agent_id": "ana"}, **LEA)
    office.complete_contact(contact_id="c0")
    ana.take("c3")


def test_a_pull_does_not_go_against_an_exclusion(office):
    office.desk("ana")
    office.enqueue("c1", excluded_agent_ids=["ana"])
    with refused("AGENT_EXCLUDED", "FAILED_PRECONDITION"):
        office.pull_contact(contact_id="c1", agent={"agent_id": "ana"}, **LEA)


def test_a_head_start_changes_the_place(office):
    for contact in ("c1", "c2", "c3"):
        office.enqueue(contact)
    office.prioritise_contact(contact_id="c3", head_start="600s", **LEA)
    assert [office.position(contact) for contact in ("c3", "c1", "c2")] == [0, 1, 2]
    office.prioritise_contact(contact_id="c3", head_start="0s", **LEA)
    assert [office.position(contact) for contact in ("c1", "c2", "c3")] == [0, 1, 2]


def test_presence_is_forced_now_or_after_work(office):
    ana, ben = office.desk("ana"), office.desk("ben")
    away = {"state": "PRESENCE_STATE_AWAY", "reason": "meeting"}
    office.force_presence(agent_id="ben", presence=away, timing="PRESENCE_TIMING_IMMEDIATELY", **LEA)
    ben.wait_for("presence_changed", presence=away)
    office.engaged(ana, "c1")
    after = office.force_presence(agent_id="ana", presence=away, timing="PRESENCE_TIMING_AFTER_WORK", **LEA)
    assert after["pending"] and ana.presence() == "AVAILABLE"
    office.complete_contact(contact_id="c1")
    ana.wait_for("presence_changed", presence=away)
    offline = {"state": "PRESENCE_STATE_OFFLINE"}
    office.force_presence(agent_id="ben", presence=offline, timing="PRESENCE_TIMING_IMMEDIATELY", **LEA)
    assert ben.wait_for("go_away") and ben.ended() == "OK"


def test_a_paused_queue_offers_nothing(office):
    ana = office.desk("ana")
    office.pause_queue(queue="front", **LEA)
    office.enqueue("c1")
    office.enqueue("c2", queue="back")
    ana.take("c2")
    assert office.state("c1") == "QUEUED" and not ana.has_offer_of("c1")
    office.reopen_queue(queue="front", **LEA)
    ana.take("c1")


def test_a_draining_queue_takes_nobody_in(office):
    office.enqueue("c1")
    office.drain_queue(queue="front", **LEA)
    with refused("QUEUE_DRAINING", "FAILED_PRECONDITION"):
        office.enqueue("c2")
    office.desk("ana").take("c1")
    office.reopen_queue(queue="front", **LEA)
    office.enqueue("c2")


def test_every_action_is_kept_with_who_and_why(office):
    office.enqueue("c1")
    office.pause_queue(queue="front", actor="lea", reason="fire drill")
    office.move_contact(contact_id="c1", queue="back", place="PLACE_NEW", actor="tom", reason="she waits")
    with refused("QUEUE_UNKNOWN"):
        office.pause_queue(queue="nowhere", actor="lea", reason="a mistake")
    actions = office.rows("list_actions", "actions", page_size=1)
    assert [(action["actor"], action["reason"]) for action in actions] == [
        ("tom", "she waits"),
        ("lea", "fire drill"),
    ]
    assert [int(action["number"]) for action in actions] == [2, 1] and actions[0]["contact_id"] == "c1"
