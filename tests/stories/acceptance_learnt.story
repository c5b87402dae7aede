# Where accepting is found to take eight seconds, the reserve gives way five seconds sooner than by the usual three; who
# waited already goes by what was known then.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "20s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent odo
09:00:01  contact r1 claims
          offered r1 -> odo because longest idle
09:00:01  odo accepts r1
          engaged r1 with odo waited 0s
09:00:02  contact r2 claims
09:00:03  acceptance claims voice 8s
          accepting voice of claims takes 8s
09:00:18  time
          reserve released to r2
          offered r2 -> eva because longest idle
09:00:18  eva accepts r2
          engaged r2 with eva waited 16s
09:00:19  r2 completes
          closed r2 handled
09:00:20  contact r3 claims
09:00:31  time
          reserve released to r3
          offered r3 -> eva because longest idle
09:00:32  acceptance claims voice unknown
          accepting voice of claims takes as long as anywhere
09:00:33  acceptance loans voice 8s
          refused QUEUE_UNKNOWN
