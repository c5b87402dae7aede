# First come, first served: a freed agent takes whoever has waited longest.
09:00:00  queue claims
09:00:00  agent ana  skills claims=70
09:00:01  contact c1 claims
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:10  contact c2 claims
09:00:11  contact c3 claims
09:02:00  c1 completes
          closed c1 handled
          offered c2 -> ana because first in line
09:02:01  ana accepts c2
          engaged c2 with ana waited 111s
09:04:00  c2 completes
          closed c2 handled
          offered c3 -> ana because first in line
