# A queue's priority is a head start, not a class of its own: 60 s count as waited, and no more than that.
09:00:00  queue fraud   priority=60s
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact c0 claims
          offered c0 -> ana
09:00:01  ana accepts c0
          engaged c0 with ana
09:00:10  contact c1 claims
# As if it had arrived at 09:00:00, before c1.
09:01:00  contact f1 fraud
# As if it had arrived at 09:00:15, after c1.
09:01:15  contact f2 fraud
09:02:00  c0 completes
          closed c0 handled
          offered f1 -> ana
09:02:01  ana accepts f1
          engaged f1 with ana
09:03:00  f1 completes
          closed f1 handled
          offered c1 -> ana
09:03:01  ana accepts c1
          engaged c1 with ana
09:04:00  c1 completes
          closed c1 handled
          offered f2 -> ana
