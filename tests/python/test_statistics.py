"""How the service fares, by queue, channel and tenant, over windows."""

from api import Api, connect
from office import Office, eventually, refused, seconds

WINDOWS = ["ONE_MINUTE", "FIVE_MINUTES", "FIFTEEN_MINUTES", "THIRTY_MINUTES", "DAY"]


def a_little_work(office):
    """c1 is answered and handled, c2 leaves."""
    ana = office.desk("ana", capacity=50)
    office.enqueue("c1")
    ana.take("c1")
    office.complete_contact(contact_id="c1")
    ana.be("AWAY")
    office.enqueue("c2")
    office.cancel_contact(contact_id="c2", reason="CANCEL_REASON_CUSTOMER_LEFT")
    return ana


def numbers(window, *names):
    return tuple(int(window[name]) for name in names)


def test_a_queue_shows_what_happened_in_every_window(office):
    a_little_work(office)
    answer = office.get_statistics(queue="front")
    row = answer["statistics"]
    assert row["queue"] == "front" and row["channel"] == "" and row["waiting"] == "0"
    assert [window["window"] for window in row["windows"]] == [f"STATISTICS_WINDOW_{name}" for name in WINDOWS]
    for window in row["windows"]:
        assert numbers(window, "entered", "offered", "answered", "answered_in_time", "abandoned") == (2, 2, 1, 1, 1)
        levels = window["service_levels"]
        assert levels["abandon_negative"]["ratio"] == 0.5 and levels["answered_only"]["ratio"] == 1
        assert levels["abandon_positive"]["ratio"] == 1 and levels["own"] == levels["abandon_negative"]
        assert window["answered_after"]["count"] == "1" and seconds(window["answered_after"]["p90_duration"]) >= 0
        assert window["handling"]["count"] == "1" and window["start_time"] <= answer["as_of_time"]
        assert "empathetic_agents" not in window
    assert answer["since_time"] <= answer["as_of_time"]
    only = office.get_statistics(queue="front", windows=["STATISTICS_WINDOW_DAY", "STATISTICS_WINDOW_ONE_MINUTE"])
    assert [window["window"][18:] for window in only["statistics"]["windows"]] == ["ONE_MINUTE", "DAY"]


def test_the_tenant_has_all_of_it_and_its_agents(office):
    ana = a_little_work(office)
    window = office.get_statistics()["statistics"]["windows"][1]
    assert numbers(window, "entered", "answered", "abandoned", "offers", "offers_missed") == (2, 1, 1, 1, 0)
    assert window["other_agents"]["capacity_seconds"] > 0 and 0 < window["other_agents"]["occupancy"] <= 1
    assert "occupancy" not in window["empathetic_agents"] and window["agents_set_away"] == "0"
    ana.be("AVAILABLE")
    eventually(lambda: "since_available_duration" in office.get_statistics()["statistics"]["longest_idle"])


def test_every_queue_and_every_channel_has_a_row(office):
    a_little_work(office)
    queues = office.rows("list_statistics", "statistics", page_size=4)
    names = [row["queue"] for row in queues]
    assert names == sorted(names) and {"front", "back", "wrapped"} <= set(names)
    entered = {row["queue"]: row["windows"][4]["entered"] for row in queues}
    assert {queue for queue, count in entered.items() if count != "0"} == {"front"}
    channels = office.list_statistics(rows="STATISTICS_ROWS_CHANNELS")["statistics"]
    assert all(row["queue"] == "" and row["channel"] and "waiting" not in row for row in channels)
    assert sum(int(row["windows"][4]["entered"]) for row in channels) == 2


def test_a_stream_tells_again_and_again(office):
    stream = office.watch_statistics(queues=["front"], windows=["STATISTICS_WINDOW_DAY"], interval="1s")
    first = next(stream)
    assert [row["queue"] for row in first["statistics"]] == ["", "front"]
    assert first["statistics"][1]["windows"][0]["entered"] == "0"
    office.enqueue("c1")
    told = next(told for told in stream if told["statistics"][1]["windows"][0]["entered"] == "1")
    assert told["statistics"][1]["waiting"] == "1" and told["as_of_time"] > first["as_of_time"]
    assert seconds(told["statistics"][1]["oldest_waited_duration"]) >= 0
    stream.cancel()
    with refused("QUEUE_UNKNOWN", "NOT_FOUND"):
        next(office.watch_statistics(queues=["nowhere"]))


def test_a_stream_ends_well_with_the_daemon(start_daemon):
    daemon = start_daemon(["default"])
    office = Office(Api(connect(daemon.address)))
    stream = office.watch_statistics(interval="60s")
    assert next(stream)["statistics"][0]["queue"] == ""
    daemon.terminate()
    assert list(stream) == []
    office.channel.close()
    assert daemon.wait() == 0
