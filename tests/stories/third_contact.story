# Who comes for the third time in two days is heard sooner, and it can be said why; strangers are strangers.
09:00:00  document
        | [moments.again]
        | triggers = [{ repeats = 3 }]
        | head_start = "60s"
09:00:00  queue claims
09:00:00  agent ana
09:00:00  contact c0 claims
          offered c0 -> ana because longest idle
09:00:00  ana accepts c0
          engaged c0 with ana waited 0s
09:00:10  contact c1 claims customer=kim
09:00:11  c1 abandons
          closed c1 abandoned
09:00:20  contact c2 claims customer=kim
          scored c2 routine head start 22s
09:00:21  why c2
          1 agent could take it, all are busy; it is 1st in claims; 22s of head start from repeats by fact
09:00:22  c2 abandons
          closed c2 abandoned
09:00:30  contact c3 claims customer=lee
09:00:40  contact c4 claims customer=kim
          scored c4 moment of truth head start 105s
09:00:41  why c4
          1 agent could take it, all are busy; it is 1st in claims; 60s of head start from moment again by fact, 45s of head start from repeats by fact
09:01:00  c0 completes
          closed c0 handled
          offered c4 -> ana because first in line
