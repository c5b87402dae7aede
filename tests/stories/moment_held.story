# A moment of truth is held for an empathetic agent for a while, then anyone may take it. Its becoming one starts the hold.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "60s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent ola
09:00:00  agent odo
09:00:01  contact m0 claims moment
          offered m0 -> eva because longest idle
09:00:01  eva accepts m0
          engaged m0 with eva waited 0s
09:00:02  contact m1 claims moment hold=20s
09:00:12  time
09:00:22  time
          hold of m1 over
          offered m1 -> ola because longest idle
09:00:30  ola accepts m1
          engaged m1 with ola waited 28s
09:00:31  odo away lunch
          presence of odo away lunch
09:00:32  contact r1 claims
09:00:40  r1 scores moment hold=10s
          scored r1 moment of truth head start 0s
09:00:42  odo available
          presence of odo available
09:00:50  time
          hold of r1 over
          offered r1 -> odo because longest idle
09:01:00  odo accepts r1
          engaged r1 with odo waited 28s
# Without anybody kept free there is nobody to wait for.
09:02:00  reserve 0 of rest
          0 kept free of the rest
09:02:10  m1 completes
          closed m1 handled
09:02:20  contact m2 claims moment hold=20s
          offered m2 -> ola because longest idle
