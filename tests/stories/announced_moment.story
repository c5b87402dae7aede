# An announced moment of truth counts as an empathetic agent taken, from a minute before it is expected; it earns no place.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 0
        | [queues.claims]
09:00:00  agent e1  skills empathy=80
09:00:00  agent e2  skills empathy=80
09:00:00  agent e3  skills empathy=80
09:00:00  agent e4  skills empathy=80
09:00:00  agent odo
09:00:01  m1 announced for 09:02:00 moment
09:00:02  m2 announced for 09:02:10 moment
09:00:30  contact r0 claims
          offered r0 -> odo because longest idle
09:00:30  odo accepts r0
          engaged r0 with odo waited 0s
09:01:00  time
          expecting m1
09:01:10  time
          expecting m2
# Of four at work at most 1.2 are kept free, however many are announced.
09:01:20  contact r1 claims
          offered r1 -> e1 because longest idle
09:01:20  e1 accepts r1
          engaged r1 with e1 waited 0s
09:01:21  contact r2 claims
          offered r2 -> e2 because longest idle
09:01:21  e2 accepts r2
          engaged r2 with e2 waited 0s
09:01:22  contact r3 claims
          offered r3 -> e3 because longest idle
09:01:22  e3 accepts r3
          engaged r3 with e3 waited 0s
09:01:23  contact r4 claims
# It has come, and takes the agent that was kept for it. The other one is not expected any more at 09:02:40.
09:01:30  contact m1 claims moment ahead=3m
          offered m1 -> e4 because longest idle
09:01:30  e4 accepts m1
          engaged m1 with e4 waited 0s
09:01:31  r1 completes
          closed r1 handled
09:01:39  time
          reserve released to r4
          offered r4 -> e1 because longest idle
09:01:40  e1 accepts r4
          engaged r4 with e1 waited 17s
09:02:40  time
          closed m2 never came
