# A source that keeps half of what it says counts half: it takes two of its announcements to keep one agent free.
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
09:00:00  source ivr keeps 50
          ivr keeps 500 of 1000
09:00:00  m1 announced for 09:00:30 moment source=ivr
09:00:01  contact r0 claims
          offered r0 -> odo because longest idle
09:00:01  odo accepts r0
          engaged r0 with odo waited 0s
09:00:02  contact r1 claims
          offered r1 -> e1 because longest idle
09:00:02  e1 accepts r1
          engaged r1 with e1 waited 0s
09:00:03  contact r2 claims
          offered r2 -> e2 because longest idle
09:00:03  e2 accepts r2
          engaged r2 with e2 waited 0s
# Half an agent is nobody.
09:00:04  contact r3 claims
          offered r3 -> e3 because longest idle
09:00:04  e3 accepts r3
          engaged r3 with e3 waited 0s
09:00:05  contact r4 claims
          offered r4 -> e4 because longest idle
09:00:05  e4 accepts r4
          engaged r4 with e4 waited 0s
09:00:06  r4 completes
          closed r4 handled
# A whole one of four is kept with a second announcement, as one that always comes would alone.
09:00:07  m2 announced for 09:00:30 moment source=ivr
09:00:08  contact r5 claims
09:00:24  time
          reserve released to r5
          offered r5 -> e4 because longest idle
