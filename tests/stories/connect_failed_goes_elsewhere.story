# A desk whose line does not connect gets the contact again only after a pause, so that it cannot go round in a circle.
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana because longest idle
09:00:10  ana accepts c1
          engaged c1 with ana waited 5s
09:00:12  ana cannot reach c1
          requeued c1 in claims because connect failed
09:00:42  time
          offered c1 -> ana because longest idle
