"""What happens in a while: calls at their times, made by a few hands."""

import heapq
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from api import Refused

HANDS = 16
# A race that somebody lost is part of the day: the customer left while the agent said yes, a line was cut.
LOST_RACES = {
    "OFFER_EXPIRED", "OFFER_TAKEN", "OFFER_RESCINDED", "OFFER_UNKNOWN", "CONTACT_STATE", "CONTACT_CLOSED",
    "ENGAGEMENT_UNKNOWN", "SESSION_REQUIRED", "QUEUE_DRAINING", "OVERLOADED", "",
}


class Later:
    """A clock with hands; what is refused for another reason than a lost race is kept as a fault."""

    def __init__(self):
        self.faults = []
        self.due, self.order, self.is_over = [], itertools.count(), False
        self.changed = threading.Condition()
        self.hands = ThreadPoolExecutor(HANDS)
        threading.Thread(target=self._run, daemon=True).start()

    def after(self, seconds, do, *arguments):
        """Does it in so many seconds, unless all is over then."""
        with self.changed:
            heapq.heappush(self.due, (time.monotonic() + seconds, next(self.order), do, arguments))
            self.changed.notify()

    def end(self):
        with self.changed:
            self.is_over = True
            self.changed.notify()
        self.hands.shutdown(wait=True, cancel_futures=True)

    def _run(self):
        while True:
            with self.changed:
                while not self.is_over and not (self.due and self.due[0][0] <= time.monotonic()):
                    self.changed.wait(self.due and max(0, self.due[0][0] - time.monotonic()) or None)
                if self.is_over:
                    return
                _, _, do, arguments = heapq.heappop(self.due)
                self.hands.submit(self._do, do, arguments)

    def _do(self, do, arguments):
        try:
            do(*arguments)
        except Refused as refused:
            if refused.reason not in LOST_RACES and not self.is_over:
                self.faults.append(f"{do.__qualname__}{arguments}: {refused}")
        except Exception as error:
            self.faults.append(f"{do.__qualname__}{arguments}: {error!r}")
