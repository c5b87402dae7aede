# Even released, the reserve goes to a moment of truth that waits: place in line does not help a routine contact here.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "20s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent odo  offline
09:00:01  contact m0 claims moment
          offered m0 -> eva because longest idle
09:00:01  eva accepts m0
          engaged m0 with eva waited 0s
09:00:02  contact r1 claims
09:00:18  time
          reserve released to r1
09:00:30  contact m1 claims moment
09:00:31  m0 completes
          closed m0 handled
          offered m1 -> eva because first in line
09:00:31  eva accepts m1
          engaged m1 with eva waited 1s
09:00:40  m1 completes
          closed m1 handled
          offered r1 -> eva because first in line
