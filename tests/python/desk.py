"""An agent's desktop: the offer stream, read in the background, and what the agent does.

The stream's own promise is checked with every message: numbers from 1 without gaps, Welcome first, GoAway last.
"""

import queue
import threading
import time

import grpc

from api import SECONDS_MAX, Refused


class Desk:
    """One agent at work; `office` is any client of the agent's tenant."""

    def __init__(self, office, agent, session=""):
        self.office, self.agent = office, agent
        self.open(session)

    def open(self, session=""):
        """Opens the stream, anew or again with the session's id."""
        self.messages, self.passed_by, self.log = queue.Queue(), [], []
        self.stream = self.office.watch_offers(agent_id=self.agent, session_id=session)
        threading.Thread(target=self._read, args=(self.stream, self.messages, self.log), daemon=True).start()
        self.welcome = self.wait_for("welcome")
        self.session = self.welcome["session_id"]
        return self.welcome

    def resume(self):
        """Opens the stream again where it was; the session must have been kept."""
        welcome = self.open(self.session)
        assert welcome["resumed"], welcome
        return welcome

    def close(self):
        """Lets go of the stream, as a desktop that crashes does."""
        self.stream.cancel()

    def wait_for(self, kind, **fields):
        """The first message of this kind, with these fields, that no earlier wait has taken."""
        for index, message in enumerate(self.passed_by):
            if matches(message, kind, fields):
                return self.passed_by.pop(index)[kind]
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            try:
                message = self.messages.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.agent} waits for {kind} {fields}; so far: {self.log}") from None
            if matches(message, kind, fields):
                return message[kind]
            if "fault" in message or "end" in message:
                raise AssertionError(f"{self.agent} waits for {kind} {fields}, but {message}; before: {self.log}")
            self.passed_by.append(message)

    def ended(self):
        """Waits until the stream is over: "OK" after GoAway, otherwise the code of what broke it."""
        return self.wait_for("end")["code"]

    def offered(self, contact):
        return self.wait_for("offer", contact_id=contact)

    def rescinded(self, offer):
        return self.wait_for("rescind", offer_id=offer["offer_id"])["reason"].removeprefix("RESCIND_REASON_")

    def has_offer_of(self, contact):
        return any(message.get("offer", {}).get("contact_id") == contact for message in self.log)

    def ack(self, offer):
        return self.office.ack_offer(agent_id=self.agent, offer_id=offer["offer_id"])

    def accept(self, offer):
        return self.office.accept_offer(agent_id=self.agent, offer_id=offer["offer_id"])

    def decline(self, offer, reason="busy"):
        return self.office.decline_offer(agent_id=self.agent, offer_id=offer["offer_id"], reason=reason)

    def extend(self, offer, by):
        return self.office.extend_offer(agent_id=self.agent, offer_id=offer["offer_id"], by=by)

    def take(self, contact):
        """Is offered the contact, shows it and accepts it."""
        offer = self.offered(contact)
        self.ack(offer)
        self.accept(offer)
        return offer

    def be(self, state, reason=""):
        """Sets presence: "AVAILABLE", "AWAY" or "OFFLINE"."""
        presence = {"state": f"PRESENCE_STATE_{state}", "reason": reason}
        return self.office.set_presence(agent_id=self.agent, presence=presence)

    def seen(self):
        """The agent as the daemon sees it."""
        return self.office.get_agent(agent_id=self.agent)["agent"]

    def presence(self):
        return self.seen()["presence"]["state"].removeprefix("PRESENCE_STATE_")

    def work(self):
        """Contacts at this agent and what is done with them."""
        return {work["contact_id"]: work["state"].removeprefix("WORK_STATE_") for work in self.seen()["work"]}

    def _read(self, stream, messages, log):
        number = 0
        try:
            for message in stream:
                number += 1
                log.append(message)
                fault = self._fault(message, number, log)
                messages.put({"fault": fault} if fault else message)
            messages.put({"end": {"code": "OK"}})
        except grpc.RpcError as error:
            refused = Refused(error)
            messages.put({"end": {"code": refused.code, "reason": refused.reason}})

    @staticmethod
    def _fault(message, number, log):
        if int(message["sequence"]) != number:
            return f"message {number} has the number {message['sequence']}"
        if ("welcome" in message) != (number == 1):
            return f"a welcome comes first, and once: {message}"
        if number > 1 and "go_away" in log[-2]:
            return f"something follows go-away: {message}"
        return None


def matches(message, kind, fields):
    return kind in message and fields.items() <= message[kind].items()
