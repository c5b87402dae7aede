"""Agents of the bank: each at a desk with a stream of its own, answering, refusing, dozing and losing the line as people do."""

import threading

import grpc

from api import Refused

# Of a hundred offers so many are refused, and so many nobody answers.
DECLINED, UNANSWERED = 4, 1
# Of a hundred accepted contacts so many do not get through, and so many are passed on.
UNCONNECTED, TRANSFERRED = 2, 4
TALK_SECONDS = {"voice": 9, "chat": 12, "email": 8}
EMPATHETIC_EVERY = 4


def profile(number, rng):
    """Every fourth agent is empathetic, none of these knows loans, and everybody speaks English."""
    skills = {"lang_en": 90, "cards": rng.randint(40, 95)}
    if number % EMPATHETIC_EVERY == 0:
        skills["empathy"] = rng.randint(72, 95)
    elif number % 3 == 0:
        skills["loans"] = rng.randint(40, 95)
    if number % 2 == 0:
        skills["lang_pl"] = 80
    if number % 5 == 0:
        skills["lang_vi"] = 80
    return {"skills": skills, "empathy_fixed": False}


class Agent:
    """One agent at work; what happens next is left to the bank's clock."""

    def __init__(self, bank, name, rng):
        self.bank, self.api, self.name, self.rng = bank, bank.api, name, rng
        self.stream, self.session = None, ""
        # Sees offers and does not answer them.
        self.is_dozing = False

    def open(self):
        """Opens the stream, with the last session if there was one."""
        self.stream = self.api.watch_offers(agent_id=self.name, session_id=self.session)
        threading.Thread(target=self._read, args=(self.stream,), daemon=True).start()

    def come(self):
        self.api.set_presence(agent_id=self.name, presence={"state": "PRESENCE_STATE_AVAILABLE"})

    def rest(self):
        self.api.set_presence(agent_id=self.name, presence={"state": "PRESENCE_STATE_AWAY", "reason": "break"})

    def cut(self, back_after):
        """Loses the line, and has it back after a while: within the grace or beyond it."""
        self.stream.cancel()
        self.bank.later.after(back_after, self.open)

    def _read(self, stream):
        try:
            for message in stream:
                self._hear(message)
        except grpc.RpcError:
            return

    def _hear(self, message):
        if "welcome" in message:
            self.session = message["welcome"]["session_id"]
            if not message["welcome"]["resumed"]:
                self.bank.later.after(0, self.come)
        elif "offer" in message:
            self._consider(message["offer"])
        elif "presence_changed" in message:
            if message["presence_changed"]["presence"]["reason"] == "rona":
                self.bank.later.after(3, self.come)

    def _consider(self, offer):
        later, at = self.bank.later, {"agent_id": self.name, "offer_id": offer["offer_id"]}
        later.after(0.05, self._act, self.api.ack_offer, at)
        chance = self.rng.randrange(100)
        if offer["automatic"]:
            later.after(0.1, self._begin, offer)
        elif self.is_dozing or chance < UNANSWERED:
            return
        elif chance < UNANSWERED + DECLINED:
            later.after(self.rng.uniform(0.5, 2), self._act, self.api.decline_offer, {**at, "reason": "busy"})
        else:
            later.after(self.rng.uniform(0.3, 2), self._accept, offer, at)

    def _act(self, call, fields):
        call(**fields)

    def _accept(self, offer, at):
        self.api.accept_offer(**at)
        self._begin(offer)

    def _begin(self, offer):
        contact, chance = offer["contact_id"], self.rng.randrange(100)
        self.bank.taken(contact)
        if chance < UNCONNECTED:
            fields = {"agent_id": self.name, "contact_id": contact, "reason": "no media"}
            self.bank.later.after(0.5, self._act, self.api.report_connect_failed, fields)
            return
        talks = self.rng.gammavariate(3, TALK_SECONDS[offer["channel"]] / 3)
        if self.rng.random() < 0.3:
            self.bank.later.after(talks / 2, self.bank.grows_angry, contact)
        if chance < UNCONNECTED + TRANSFERRED and offer["channel"] != "email":
            fields = {"contact_id": contact, "queue": "general", "place": "PLACE_KEEP"}
            self.bank.later.after(talks / 3, self._act, self.api.transfer_contact, fields)
        self.bank.later.after(talks, self._complete, contact)

    def _complete(self, contact):
        try:
            self.api.complete_contact(contact_id=contact)
        except Refused as refused:
            # It was passed on, or the session was lost and somebody else has it.
            if refused.reason not in ("CONTACT_STATE", "CONTACT_CLOSED"):
                raise
