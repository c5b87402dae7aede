"""A daemon that is asked to stop: agents are sent away, what comes too late is refused, and it ends with 0."""

import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from api import Api, Refused, connect
from office import Office, eventually
from proxy import Proxy


def test_agents_are_told_to_come_back_and_the_daemon_ends_well(start_daemon):
    daemon = start_daemon(["default"])
    office = Office(Api(connect(daemon.address)))
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    health = health_pb2_grpc.HealthStub(office.channel)
    assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
    assert daemon.fetch("/readyz") == "ok\n"
    daemon.terminate()
    go_away = ana.wait_for("go_away")
    assert go_away["reason"] == "GO_AWAY_REASON_SHUTTING_DOWN" and "reconnect_after" in go_away
    assert ana.ended() == "OK" and ana.has_offer_of(offer["contact_id"])
    office.channel.close()
    assert daemon.wait() == 0


def test_a_call_that_comes_too_late_is_refused_by_name(start_daemon):
    daemon = start_daemon(["default"])
    proxy = Proxy(daemon.address)
    office = Office(Api(connect(proxy.address)))
    ana = office.desk("ana")
    office.agent("ben")
    # The client does not hear that the daemon drains, so it still calls, and the connection stays open for it.
    proxy.stall("to_client")
    daemon.terminate()
    eventually(lambda: any("draining" in line for line in daemon.log))
    late = office.watch_offers(agent_id="ben", session_id="late")
    time.sleep(0.2)
    proxy.flow()
    try:
        found = next(iter(late))
    except grpc.RpcError as error:
        found = Refused(error)
    assert isinstance(found, Refused) and (found.code, found.reason) == ("UNAVAILABLE", "SHUTTING_DOWN"), found
    assert ana.wait_for("go_away")
    office.channel.close()
    assert daemon.wait() == 0
    proxy.close()
