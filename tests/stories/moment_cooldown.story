# After so many moments of truth in a row an agent rests from them while anybody else can take them: routine contacts go
# on, and a moment of truth waits for somebody else no longer than its hold.
09:00:00  document
        | [empathy]
        | consecutive_max = 2
        | cooldown = "5m"
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "60s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent ola
09:00:00  ola away lunch
          presence of ola away lunch
09:00:01  contact m1 claims moment
          offered m1 -> eva because longest idle
09:00:01  eva accepts m1
          engaged m1 with eva waited 0s
09:01:00  m1 completes
          closed m1 handled
09:01:01  contact m2 claims moment
          offered m2 -> eva because longest idle
09:01:01  eva accepts m2
          engaged m2 with eva waited 0s
09:02:00  m2 completes
          closed m2 handled
# The third is held for somebody else, though she is idle; nobody is kept free who would not take it anyway.
09:02:01  contact m3 claims moment hold=20s
09:02:02  why eva m3
          eva could take m3, but not now: cools down after moments of truth in a row
09:02:05  contact r1 claims
          offered r1 -> eva because longest idle
09:02:05  eva accepts r1
          engaged r1 with eva waited 0s
09:02:10  r1 completes
          closed r1 handled
09:02:21  time
          hold of m3 over
          offered m3 -> eva because longest idle
09:02:21  eva accepts m3
          engaged m3 with eva waited 20s
# The pause begins anew, since there was none; whoever else is there comes first.
09:03:00  m3 completes
          closed m3 handled
09:03:00  ola available
          presence of ola available
09:03:01  contact m4 claims moment hold=0s
          offered m4 -> ola because longest idle
09:03:02  ola accepts m4
          engaged m4 with ola waited 1s
09:08:00  time
          eva rested
09:08:01  contact m5 claims moment
          offered m5 -> eva because longest idle
