"""More calls than a daemon takes: the rest is refused at once, with the time to wait, and comes back later."""

import signal
from contextlib import ExitStack

import grpc

from api import PACKAGE, Api, Refused, connect
from office import Office, persistently

CONNECTIONS = 120
CALLS_EACH = 100


def test_a_flood_is_refused_early_and_what_was_taken_is_kept(start_daemon):
    daemon = start_daemon(["default"])
    with ExitStack() as stack:
        channels = [stack.enter_context(connect(daemon.address)) for _ in range(CONNECTIONS)]
        office = Office(Api(channels[0]))
        method = office.methods["EnqueueContact"]
        calls = [channel.unary_unary(f"/{PACKAGE}.ContactService/EnqueueContact") for channel in channels]
        flood = {f"c{number}": number % CONNECTIONS for number in range(CONNECTIONS * CALLS_EACH)}
        # While the process sleeps the calls pile up before it, and arrive all at once.
        daemon.process.send_signal(signal.SIGSTOP)
        under_way = {}
        for contact, connection in flood.items():
            fields = {"request_id": contact, "contact_id": contact, "queue": "front", "channel": "chat"}
            under_way[contact] = calls[connection].future(office.request(method, fields).SerializeToString())
        daemon.process.send_signal(signal.SIGCONT)
        refusals = {}
        for contact, call in under_way.items():
            try:
                call.result()
            except grpc.RpcError as error:
                refusals[contact] = Refused(error)
        print(f"{len(flood)} calls at once, {len(refusals)} refused")
        assert 0 < len(refusals) < len(flood)
        for refusal in refusals.values():
            assert (refusal.code, refusal.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED"), refusal
            assert 0 < refusal.retry_after <= 10
        assert office.counts("front") == {"waiting": len(flood) - len(refusals)}
        contact = next(iter(refusals))
        persistently(office.enqueue_contact, request_id=contact, contact_id=contact, queue="front", channel="chat")
        assert office.counts("front") == {"waiting": len(flood) - len(refusals) + 1}
