"""A bank's busy day against a daemon: customers who write and call, agents, supervisors, and what goes wrong.

Everything that the dashboards show happens here again and again, so that a panel without data is a fault of the panel.
Seeded; not here: how agents behave (`crew`), the daemon and Prometheus (`day`).
"""

import collections
import itertools
import json
import math
import pathlib
import random
import signal
import threading
import time

import grpc

from api import Api, connect
from crew import Agent, profile
from later import Later

ROOT = pathlib.Path(__file__).parent.parent.parent
MESSAGES = ROOT / "src" / "sim" / "bank" / "messages.jsonl"
AGENTS = 24
PER_SECOND = 2.2
# The load rises and falls by this share, so often.
SWELL, SWELL_SECONDS = 0.35, 240
PATIENCE_SECONDS = 35
# So many that few come a third time.
CUSTOMERS = 5_000
# Which customers come, by weight: queue and channel.
LINES = {
    ("cards", "voice"): 30, ("cards", "chat"): 20, ("loans", "voice"): 12, ("loans", "chat"): 8,
    ("general", "voice"): 10, ("general", "chat"): 10, ("mailbox", "email"): 10,
}
LANGUAGES = {"en": 70, "pl": 20, "vi": 10}
HAPPENED = ["card_stolen", "card_lost", "card_blocked", "fraud_suspected", "money_missing"]
LEA = {"actor": "lea", "reason": "noon rush"}


class Traced(grpc.UnaryUnaryClientInterceptor):
    """Each call is part of a trace of its own, as one behind a platform's gateway is."""

    def intercept_unary_unary(self, continuation, details, request):
        place = f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"
        metadata = [*(details.metadata or []), ("traceparent", place)]
        return continuation(_Details(details.method, details.timeout, metadata, details.credentials), request)


class _Details(
    collections.namedtuple("_Details", ("method", "timeout", "metadata", "credentials")), grpc.ClientCallDetails
):
    pass


class Bank:
    """The day; `daemon` is the process."""

    def __init__(self, daemon, seed=1):
        self.daemon, self.rng = daemon, random.Random(seed)
        self.channel = connect(daemon.address)
        self.api = Api(grpc.intercept_channel(self.channel, Traced()), "default")
        self.later = Later()
        self.agents = []
        self.numbers = itertools.count(1)
        self.waiting, self.lock = {}, threading.Lock()
        messages = [json.loads(line) for line in MESSAGES.read_text().splitlines()]
        self.texts = {lang: [row["text"] for row in messages if row["lang"] == lang] for lang in LANGUAGES}

    def open(self):
        """Brings everybody to work."""
        for number in range(1, AGENTS + 1):
            name, rng = f"agent-{number:02}", random.Random(number)
            self.api.put_agent(agent_id=name, profile=profile(number, rng))
            self.agents.append(Agent(self, name, rng))
            self.agents[-1].open()

    def live(self, seconds):
        """Customers come for so long, and every trouble happens at least once."""
        began = time.monotonic()
        for number, trouble in enumerate(TROUBLES):
            self.later.after((number + 0.5) * seconds / len(TROUBLES), trouble, self)
        while (passed := time.monotonic() - began) < seconds:
            self.later.after(0, self.comes)
            swell = 1 + SWELL * math.sin(2 * math.pi * passed / SWELL_SECONDS)
            time.sleep(self.rng.expovariate(PER_SECOND * swell))

    def close(self):
        """Stops; what was refused and may not be is returned."""
        self.later.end()
        for agent in self.agents:
            agent.stream.cancel()
        self.channel.close()
        return self.later.faults

    # -----------------------------------------------------------------------------------------------------------------
    # Customers.

    def comes(self):
        """A customer comes, with words or facts, and leaves when patience ends."""
        number, rng = next(self.numbers), self.rng
        (queue, channel), = rng.choices(list(LINES), LINES.values())
        language, = rng.choices(list(LANGUAGES), LANGUAGES.values())
        fields = {"requirement": {"all": [{"skill": f"lang_{language}", "proficiency": 50}]}}
        if channel != "voice":
            fields["text"] = rng.choice(self.texts[language])
        if rng.random() < 0.1:
            fields["facts"] = {"events": [{"name": rng.choice(HAPPENED)}]}
        fields["details"] = {"customer_id": f"customer-{rng.randrange(CUSTOMERS)}", "context": "seen in the branch " * 8}
        contact = f"c{number}"
        with self.lock:
            self.waiting[contact] = channel
        if number % 3 == 0:
            self.is_told(fields["details"]["customer_id"], queue, channel)
        self.api.enqueue_contact(contact_id=contact, queue=queue, channel=channel, **fields)
        if channel != "email":
            self.later.after(rng.expovariate(1 / PATIENCE_SECONDS), self.leaves, contact)
        if channel == "voice" and rng.random() < 0.2:
            self.later.after(rng.uniform(0.5, 3), self.says, contact, rng.choice(self.texts[language]))

    def is_told(self, customer, queue, channel):
        """A customer asks how long it will take, and comes all the same."""
        self.api.estimate_wait(newcomer={"queue": queue, "channel": channel}, customer_id=customer)

    def leaves(self, contact):
        with self.lock:
            is_waiting = self.waiting.pop(contact, None)
        if is_waiting:
            self.api.cancel_contact(contact_id=contact, reason="CANCEL_REASON_CUSTOMER_LEFT")

    def taken(self, contact):
        """An agent has it."""
        with self.lock:
            self.waiting.pop(contact, None)

    def says(self, contact, text):
        """What a caller says while waiting, transcribed."""
        self.api.signal(signal={"contact_id": contact, "signal_id": "said", "text": text})

    def grows_angry(self, contact):
        """Speech analytics hear a customer's voice change, ten times a second."""
        calm, angry = (0.1, 0.3), (-0.9, 0.95)
        said = [
            {
                "contact_id": contact, "signal_id": f"v{number}", "provider": "speech", "sequence": number,
                "modality": "SIGNAL_MODALITY_ACOUSTIC", "valence": {"value": valence, "confidence": 0.9},
                "arousal": {"value": arousal, "confidence": 0.9},
            }
            for number, (valence, arousal) in enumerate([calm] * 3 + [angry] * 17)
        ]
        list(self.api.signals(frames=({"signals": said[at : at + 4]} for at in range(0, len(said), 4))))
        for number in range(3):
            self.later.after(number, self.complains, contact, number)

    def complains(self, contact, number):
        """The words that go with the voice, as the platform's own analysis reads them."""
        bad = {"valence": {"value": -1, "confidence": 1}, "arousal": {"value": 1, "confidence": 1}}
        words = {"contact_id": contact, "signal_id": f"w{number}", "modality": "SIGNAL_MODALITY_TEXT", **bad}
        self.api.signal(signal=words)

    # -----------------------------------------------------------------------------------------------------------------
    # What goes wrong, and what people do about it.

    def somebody_nobody_understands(self):
        """No agent anywhere speaks it; one customer waits for long all the same, one leaves when it is late."""
        wanted = {"all": [{"skill": "lang_eo", "proficiency": 50}]}
        for patience in (30, 100):
            contact = f"stuck-{next(self.numbers)}"
            self.api.enqueue_contact(contact_id=contact, queue="general", channel="chat", requirement=wanted)
            with self.lock:
                self.waiting[contact] = "chat"
            self.later.after(patience, self.leaves, contact)

    def a_moment_that_nobody_covers(self):
        """Loans are known to no empathetic agent."""
        facts = {"events": [{"name": "card_stolen"}, {"name": "fraud_suspected"}]}
        contact = f"uncovered-{next(self.numbers)}"
        self.api.enqueue_contact(contact_id=contact, queue="loans", channel="chat", facts=facts)

    def lines_are_cut(self):
        """Three desktops come back within the grace, one does not."""
        for number, agent in enumerate(self.rng.sample(self.agents, 4)):
            agent.cut(back_after=12 if number == 0 else 1)

    def the_gateway_stalls(self):
        """Nobody answers for so long that it cannot be people."""
        for agent in self.agents:
            agent.is_dozing = True
        self.later.after(9, self.the_gateway_recovers)

    def the_gateway_recovers(self):
        for agent in self.agents:
            agent.is_dozing = False

    def supervisors_act(self):
        """One queue is closed for a while, another takes nobody new, somebody is put first and somebody moved."""
        self.api.pause_queue(queue="loans", **LEA)
        self.api.drain_queue(queue="mailbox", **LEA)
        for action in (self.put_first, self.move_on):
            self.later.after(2, action)
        self.later.after(6, self.reopen, "loans")
        self.later.after(6, self.reopen, "mailbox")

    def put_first(self):
        self.api.prioritise_contact(contact_id=self.somebody_waiting(), head_start="60s", **LEA)

    def move_on(self):
        self.api.move_contact(contact_id=self.somebody_waiting(), queue="general", place="PLACE_KEEP", **LEA)

    def reopen(self, queue):
        self.api.reopen_queue(queue=queue, **LEA)

    def somebody_waiting(self):
        rows = self.api.list_contacts(queue="loans", states=["CONTACT_STATE_QUEUED"])["contacts"]
        if not rows:
            contact = f"calm-{next(self.numbers)}"
            self.api.enqueue_contact(contact_id=contact, queue="loans", channel="chat")
            return contact
        return self.rng.choice(rows)["contact_id"]

    def agents_rest(self):
        for agent in self.rng.sample(self.agents, 3):
            agent.rest()
            self.later.after(8, agent.come)

    def a_follower_asks_for_something_else(self):
        """Its token does not hold for what it asks now, so it is told everything anew."""
        token = next(message["resume_token"] for message in self.api.watch() if message["resume_token"])
        stream = self.api.watch(resume_token=token, filter={"queues": ["loans"]})
        self.later.after(20, stream.cancel)
        threading.Thread(target=read_all, args=(stream,), daemon=True).start()

    def settings_are_read_again(self):
        self.daemon.process.send_signal(signal.SIGHUP)


def read_all(stream):
    """Reads until the stream ends or is cancelled."""
    try:
        for _ in stream:
            pass
    except grpc.RpcError:
        pass


TROUBLES = [
    Bank.somebody_nobody_understands,
    Bank.a_moment_that_nobody_covers,
    Bank.supervisors_act,
    Bank.a_follower_asks_for_something_else,
    Bank.lines_are_cut,
    Bank.the_gateway_stalls,
    Bank.agents_rest,
    Bank.settings_are_read_again,
]
