# Of two who are empathetic, the one who had fewer moments of truth lately comes first, however long the other was idle.
09:00:00  document
        | [empathy]
        | share_max = 50
        | consecutive_max = 0
        | [reserve]
        | mode = "off"
        | [queues.claims]
09:00:00  agent eva  skills empathy=80
09:00:01  contact m1 claims moment
          offered m1 -> eva because longest idle
09:00:01  eva accepts m1
          engaged m1 with eva waited 0s
09:00:02  m1 completes
          closed m1 handled
09:00:03  contact m2 claims moment
          offered m2 -> eva because longest idle
09:00:03  eva accepts m2
          engaged m2 with eva waited 0s
09:00:04  m2 completes
          closed m2 handled
09:00:05  contact m3 claims moment
          offered m3 -> eva because longest idle
09:00:05  eva accepts m3
          engaged m3 with eva waited 0s
09:00:06  m3 completes
          closed m3 handled
09:00:07  contact r1 claims
          offered r1 -> eva because longest idle
09:00:07  eva accepts r1
          engaged r1 with eva waited 0s
09:00:08  r1 completes
          closed r1 handled
09:00:09  contact m4 claims moment
          offered m4 -> eva because longest idle
09:00:09  eva accepts m4
          engaged m4 with eva waited 0s
09:00:10  m4 completes
          closed m4 handled
# Four of five. Eli has just had a routine contact, and waits less long.
09:00:11  agent eli  skills empathy=80
09:00:12  contact r2 claims target=eli
          offered r2 -> eli because target
09:00:12  eli accepts r2
          engaged r2 with eli waited 0s
09:00:20  r2 completes
          closed r2 handled
09:00:21  contact m5 claims moment
          offered m5 -> eli because longest idle
09:00:22  why eva m5
          eli was the longest idle of the free agents who fit best (tier 0, 0 in use); eva would have been next (of 2 agents, by document version 1); eva was runner-up 1; eva had 4 moments of truth among the last 5 contacts, so others come first
