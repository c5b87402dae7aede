"""Many agents over one call: the gateway's stream, with each frame's result found by its id.

The stream's own promise is checked with every message: frames are numbered from 1 without gaps, GoAway comes last.
"""

import queue
import threading
import time
import uuid

import grpc

from api import SECONDS_MAX, Refused


class Gateway:
    """One call that speaks for agents of one tenant."""

    def __init__(self, office):
        self.frames, self.told, self.passed_by, self.log = queue.Queue(), queue.Queue(), [], []
        self.stream = office.connect_agents(frames=iter(self.frames.get, None))
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, *frames):
        """Sends frames, each `(agent, action, fields)` and maybe a session, in one message; returns their ids."""
        ids = [str(uuid.uuid4()) for _ in frames]
        written = [
            {"agent_id": agent, "request_id": request, action: fields, "session_id": session[0] if session else ""}
            for request, (agent, action, fields, *session) in zip(ids, frames)
        ]
        self.frames.put({"frames": written})
        return ids

    def open(self, agent, session=""):
        """Opens or resumes an agent's session; returns its welcome."""
        self.send((agent, "open_session", {}, session))
        return self.wait_for("welcome", agent)

    def act(self, agent, action, **fields):
        """Has an agent do something and returns its result."""
        (request,) = self.send((agent, action, fields))
        return self.wait_for("result", agent, request_id=request)

    def offered(self, agent, contact):
        return self.wait_for("offer", agent, contact_id=contact)

    def finish(self):
        """Says that nothing more is sent."""
        self.frames.put(None)

    def wait_for(self, kind, agent="", **fields):
        """The first frame of this kind for this agent that no earlier wait has taken."""
        for index, frame in enumerate(self.passed_by):
            if matches(frame, kind, agent, fields):
                return self.passed_by.pop(index)[kind]
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            try:
                frame = self.told.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waiting for {kind} of {agent!r} {fields}; so far: {self.log}") from None
            if matches(frame, kind, agent, fields):
                return frame[kind]
            if "fault" in frame or "end" in frame:
                raise AssertionError(f"waiting for {kind} of {agent!r} {fields}, but {frame}")
            self.passed_by.append(frame)

    def ended(self):
        """Waits until the call is over: "OK", or the code of what broke it."""
        return self.wait_for("end")["code"]

    def _read(self):
        number = 1
        try:
            for message in self.stream:
                if int(message["first_sequence"]) != number:
                    self.told.put({"fault": f"frame {number} has the number {message['first_sequence']}"})
                number += len(message["frames"])
                self.log += message["frames"]
                for frame in message["frames"]:
                    self.told.put(frame)
            self.told.put({"agent_id": "", "end": {"code": "OK"}})
        except grpc.RpcError as error:
            self.told.put({"agent_id": "", "end": {"code": Refused(error).code}})


def matches(frame, kind, agent, fields):
    return kind in frame and frame["agent_id"] == agent and fields.items() <= frame[kind].items()
