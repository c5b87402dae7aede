# A contact handed over by another system keeps the time at which it really arrived.
09:00:00  queue claims
09:00:00  contact c1 claims
          unreachable c1 because there are no agents
09:00:30  contact c2 claims  arrived=08:59:00
          unreachable c2 because there are no agents
09:00:31  contact c3 claims  arrived=09:00:40
          refused OUT_OF_RANGE
09:01:00  agent ana
          reachable c2
          reachable c1
          offered c2 -> ana
09:01:05  ana accepts c2
          engaged c2 with ana waited 125s
