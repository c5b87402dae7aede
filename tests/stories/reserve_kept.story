# A routine contact takes an empathetic agent only while more than one of them is idle; in time for its target the
# reserve gives way, but not to pass a moment of truth that waits.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "20s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent eli  skills empathy=80
09:00:00  agent odo
09:00:01  contact r1 claims
          offered r1 -> odo because longest idle
09:00:01  odo accepts r1
          engaged r1 with odo waited 0s
# Two are idle, so one may go.
09:00:02  contact r2 claims
          offered r2 -> eva because longest idle
09:00:02  eva accepts r2
          engaged r2 with eva waited 0s
09:00:03  contact r3 claims
09:00:10  contact m1 claims moment
          offered m1 -> eli because longest idle
09:00:10  eli accepts m1
          engaged m1 with eli waited 0s
09:00:15  m1 completes
          closed m1 handled
# 20 s, less 3 for accepting and 1 to be sure.
09:00:19  time
          reserve released to r3
          offered r3 -> eli because longest idle
