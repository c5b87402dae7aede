# An announced contact earns no place by that; it counts from when it really comes.
09:00:00  queue claims
09:00:00  c1 announced for 09:05:00
09:04:00  contact c2 claims
          unreachable c2 because there are no agents
09:05:10  contact c1 claims
          unreachable c1 because there are no agents
09:06:00  agent ana
          reachable c2
          reachable c1
          offered c2 -> ana
09:06:01  ana accepts c2
          engaged c2 with ana
09:07:00  c2 completes
          closed c2 handled
          offered c1 -> ana
09:07:10  ana accepts c1
          engaged c1 with ana waited 120s
