"""Why: why a contact waits, why an agent was or was not offered it."""

from office import eventually


def verdict(answer):
    return answer["verdict"].split("_VERDICT_")[1]


def test_a_contact_that_nobody_could_take_says_so(office):
    office.agent("ana", skills={"polish": 40})
    office.enqueue("c1", queue="bilingual")
    found = office.explain_contact(contact_id="c1")
    assert verdict(found) == "UNREACHABLE" and "polish>=50" in found["summary"], found["summary"]
    assert found["terms"]["requirement"] == "polish>=50" and found["place"]["ahead"] == "0"
    skills = found["terms"]["alternatives"][0]["skills"]
    assert skills == [{"skill": "polish>=50", "met": "0"}]
    office.agent("ben", skills={"polish": 60})
    assert verdict(office.explain_contact(contact_id="c1")) == "NOBODY_SIGNED_IN"


def test_the_verdict_follows_the_contact(office):
    office.enqueue("c1", requirement={"all": [{"skill": "cards"}]})
    ana = office.desk("ana", state="AWAY", skills={"cards": 50})
    assert verdict(office.explain_contact(contact_id="c1")) == "NOBODY_AVAILABLE"
    office.enqueue("c2")
    ana.be("AVAILABLE")
    offer = ana.offered("c1")
    found = office.explain_contact(contact_id="c1")
    assert verdict(found) == "OFFERED" and found["choices"][0]["agent_id"] == "ana"
    assert office.explain_offer(offer_id=offer["offer_id"])["contact_id"] == "c1"
    office.park_contact(contact_id="c2")
    assert verdict(office.explain_contact(contact_id="c2")) == "PARKED"
    ana.accept(offer)
    assert verdict(office.explain_contact(contact_id="c1")) == "ENGAGED"
    office.complete_contact(contact_id="c1")
    eventually(lambda: verdict(office.explain_contact(contact_id="c1")) == "CLOSED")


def test_each_candidate_says_what_is_in_its_way(office):
    office.agent("ana", skills={"cards": 30})
    office.desk("ben", skills={"cards": 70}, state="AWAY")
    office.desk("eva", skills={"cards": 70}, channel_limits={"chat": 0})
    office.enqueue("c1", queue="skilled", excluded_agent_ids=["ben"])
    found = {row["agent_id"]: row for row in office.rows("list_candidates", "candidates", contact_id="c1", page_size=2)}
    kinds = {
        agent: {obstacle["kind"].removeprefix("OBSTACLE_KIND_") for obstacle in row["obstacles"]}
        for agent, row in found.items()
    }
    assert {"SKILL_MISSING", "SIGNED_OUT"} <= kinds["ana"] or "SIGNED_OUT" in kinds["ana"]
    assert {"EXCLUDED", "NOT_AVAILABLE"} <= kinds["ben"] and "CHANNEL_REFUSED" in kinds["eva"]
    pair = office.explain_pair(contact_id="c1", agent_id="ben")
    assert pair["candidate"]["obstacles"] == found["ben"]["obstacles"] and verdict(pair) == "NOT_ELIGIBLE"


def test_an_agent_learns_why_nothing_comes(office):
    ana = office.desk("ana", capacity=50)
    found = office.explain_agent(agent_id="ana")
    assert verdict(found) == "NOTHING_WAITS" and found["agent"]["agent_id"] == "ana"
    office.enqueue("c1")
    office.enqueue("c2")
    ana.take("c1")
    found = office.explain_agent(agent_id="ana")
    assert verdict(found) == "BUSY" and found["next_contact_id"] == "c2"
    ana.be("AWAY")
    assert verdict(office.explain_agent(agent_id="ana")) in ("NOT_AVAILABLE", "BUSY")


def test_the_statistics_count_who_was_taken_and_who_left(office):
    ana = office.desk("ana", capacity=50)
    office.enqueue("c1")
    ana.take("c1")
    office.enqueue("c2", queue="skilled")
    office.cancel_contact(contact_id="c2", reason="CANCEL_REASON_CUSTOMER_LEFT")
    found = office.get_moment_statistics()
    routine = {key: int(routine) for key, routine in found["routine"].items() if "wait" not in key}
    assert (routine["accepted"], routine["accepted_in_time"], routine["abandoned"]) == (1, 1, 1), found
    assert found["moments_of_truth"]["accepted"] == "0" and found["moments"] == []
    agents = found["other_agents"]
    assert int(agents["capacity"]) == 50 and 0 < int(agents["capacity_used"]) <= 50


def test_nothing_is_known_of_empathy_where_nothing_is_learnt(office):
    office.agent("ana", skills={"cards": 50})
    assert office.rows("list_empathy", "agents", page_size=1) == []
