# An empathetic agent who becomes free takes a moment of truth that is held, though a routine contact stands before it.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "60s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent odo  offline
09:00:01  contact m0 claims moment
          offered m0 -> eva because longest idle
09:00:01  eva accepts m0
          engaged m0 with eva waited 0s
09:00:05  contact r1 claims
09:00:10  contact m1 claims moment hold=60s
09:00:20  m0 completes
          closed m0 handled
          offered m1 -> eva because first in line
09:00:21  eva accepts m1
          engaged m1 with eva waited 11s
09:01:01  time
          reserve released to r1
# Released at 57 s, and still nobody but eva is there.
09:01:30  m1 completes
          closed m1 handled
          offered r1 -> eva because first in line
