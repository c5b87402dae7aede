"""After the acceptance: wrap-up, and passing a contact on."""

from office import eventually, moment, refused


def wrapping_up(office, agent="ana", queue="wrapped"):
    desk = office.desk(agent)
    office.engaged(desk, "c1", queue=queue)
    return desk, moment(office.complete_contact(contact_id="c1")["wrap_up_end_time"])


def test_wrap_up_is_extended_and_ended(office):
    ana, ends = wrapping_up(office)
    assert office.state("c1") == "WRAP_UP" and ana.work() == {"c1": "WRAP_UP"}
    assert office.contact("c1")["agent_id"] == "ana"
    longer = moment(office.extend_wrap_up(agent_id="ana", contact_id="c1", by="4s")["end_time"])
    assert (longer - ends).total_seconds() == 4
    with refused("EXTENSION_TOO_LONG", "OUT_OF_RANGE", "by"):
        office.extend_wrap_up(agent_id="ana", contact_id="c1", by="4s")
    office.end_wrap_up(agent_id="ana", contact_id="c1")
    assert office.outcome("c1") == "HANDLED" and ana.work() == {}


def test_wrap_up_ends_by_itself(office):
    ana, _ = wrapping_up(office, queue="brief")
    eventually(lambda: office.outcome("c1") == "HANDLED")
    assert ana.work() == {}


def test_a_transfer_to_a_queue_lets_the_agent_go(office):
    ana, ben = office.desk("ana"), office.desk("ben", state="AWAY")
    office.engaged(ana, "c1")
    ana.be("AWAY", "lunch")
    answer = office.transfer_contact(contact_id="c1", queue="back", place="PLACE_KEEP")
    assert answer["queue"] == "back"
    assert office.state("c1") == "QUEUED" and office.contact("c1")["agent_id"] == ""
    ben.be("AVAILABLE")
    assert ben.take("c1")["queue"] == "back"


def test_a_transfer_to_an_agent_waits_for_that_agent(office):
    ana, ben, eva = office.desk("ana"), office.desk("ben", state="AWAY"), office.desk("eva")
    office.engaged(ana, "c1")
    office.transfer_contact(contact_id="c1", agent={"agent_id": "ben"}, place="PLACE_KEEP")
    assert office.state("c1") == "QUEUED"
    ben.be("AVAILABLE")
    ben.take("c1")
    assert not eva.has_offer_of("c1")


def test_a_transfer_to_skills_asks_for_them_on_top(office):
    ana, ben = office.desk("ana", skills={"polish": 60}), office.desk("ben", skills={"billing": 60})
    eva = office.desk("eva", skills={"polish": 60, "billing": 60}, state="AWAY")
    office.engaged(ana, "c1", requirement={"all": [{"skill": "polish", "proficiency": 50}]})
    skills = {"all": [{"skill": "billing", "proficiency": 50}]}
    office.transfer_contact(contact_id="c1", skills=skills, place="PLACE_KEEP")
    assert office.state("c1") == "QUEUED", "nobody who is here has both"
    eva.be("AVAILABLE")
    eva.take("c1")
    assert not ben.has_offer_of("c1")


def test_a_transferring_agent_wraps_up_while_the_contact_goes_on(office):
    ana, ben = office.desk("ana"), office.desk("ben", state="AWAY")
    office.engaged(ana, "c1", queue="wrapped")
    office.transfer_contact(contact_id="c1", queue="back", place="PLACE_NEW")
    assert ana.work()["c1"] == "WRAP_UP" and office.state("c1") in ("QUEUED", "OFFERED")
    office.end_wrap_up(agent_id="ana", contact_id="c1")
    ana.be("AWAY")
    ben.be("AVAILABLE")
    ben.take("c1")
