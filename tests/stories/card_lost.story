# A declared fact makes a contact a moment of truth: it comes before the others at once, and it can be said why.
09:00:00  document
        | [moments.card_lost]
        | triggers = [{ event = "card_lost" }, { event = "card_stolen", from = ["fact"] }]
09:00:00  queue claims
09:00:00  agent ana
09:00:00  contact c0 claims
          offered c0 -> ana because longest idle
09:00:00  ana accepts c0
          engaged c0 with ana waited 0s
09:00:10  contact c1 claims
09:00:20  contact c2 claims
09:00:30  contact c3 claims fact=card_lost
          scored c3 moment of truth head start 90s
09:00:31  why c3
          1 agent could take it, all are busy; it is 1st in claims; 90s of head start from moment card_lost by fact until 09:06:17Z
09:00:32  c2 signals fact=card_stolen
          scored c2 moment of truth head start 90s
09:00:33  why c2
          1 agent could take it, all are busy; it is 1st in claims; 90s of head start from moment card_lost by fact until 09:06:19Z
# What the catalogue wants declared is not enough if it is said.
09:00:40  c1 signals text=card_stolen
09:00:41  why c1
          1 agent could take it, all are busy; it is 3rd in claims
# The same signal again is the same signal; withdrawn it leaves no trace.
09:00:50  c2 signals fact=card_stolen
09:00:51  c2 signals fact#card_stolen.1=-
          scored c2 routine head start 0s
09:00:52  why c2
          1 agent could take it, all are busy; it is 3rd in claims
09:06:17.400  time
          scored c3 moment of truth head start 78s
# Its seconds are given back with time.
09:07:00  why c3
          1 agent could take it, all are busy; it is 1st in claims; 78s of head start from moment card_lost by fact until 09:12:57Z
09:08:00  c0 completes
          closed c0 handled
          offered c3 -> ana because first in line
