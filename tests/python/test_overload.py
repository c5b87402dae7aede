"""More calls than a daemon takes: the rest is refused at once, with the time to wait, and comes back later."""

import signal
import time
from contextlib import ExitStack

import grpc

from api import PACKAGE, Api, Refused, connect
from office import Office, eventually

CONNECTIONS = 120
CALLS_EACH = 100
SENDING_SECONDS = 1


def at_once(daemon, office, method, calls, flood):
    """Sends everything while the process sleeps, so that it finds it all when it wakes; returns the calls under way."""
    daemon.process.send_signal(signal.SIGSTOP)
    under_way = {}
    for contact, connection in flood.items():
        fields = {"request_id": contact, "contact_id": contact, "queue": "front", "channel": "chat"}
        under_way[contact] = calls[connection].future(office.request(method, fields).SerializeToString())
    # Nobody tells when the client's own threads have put the last of it on the wire.
    time.sleep(SENDING_SECONDS)
    daemon.process.send_signal(signal.SIGCONT)
    return under_way


def test_a_flood_is_refused_early_and_what_was_taken_is_kept(start_daemon):
    daemon = start_daemon(["default"])
    with ExitStack() as stack:
        channels = [stack.enter_context(connect(daemon.address)) for _ in range(CONNECTIONS)]
        office = Office(Api(channels[0]))
        method = office.methods["EnqueueContact"]
        calls = [channel.unary_unary(f"/{PACKAGE}.ContactService/EnqueueContact") for channel in channels]
        flood = {f"c{number}": number % CONNECTIONS for number in range(CONNECTIONS * CALLS_EACH)}
        refusals = {}
        for contact, call in at_once(daemon, office, method, calls, flood).items():
            try:
                call.result()
            except grpc.RpcError as error:
                refusals[contact] = Refused(error)
        print(f"{len(flood)} calls at once, {len(refusals)} refused")
        assert refusals
        for refusal in refusals.values():
            assert (refusal.code, refusal.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED"), refusal
            assert 0 < refusal.retry_after <= 10
        assert office.counts("front") == {"waiting": len(flood) - len(refusals)}
        contact = next(iter(refusals))
        eventually(lambda: office.enqueue(contact, request_id=contact))
        assert office.counts("front") == {"waiting": len(flood) - len(refusals) + 1}
