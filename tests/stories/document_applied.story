# A new document is in force at once, for contacts that wait as well: what they need, and where they stand.
09:00:00  queue claims  needs=claims>=50
09:00:00  queue fraud   needs=claims>=50
09:00:00  agent ana  skills claims=30
09:00:10  contact c1 claims
          unreachable c1 because nobody has claims>=50
09:00:20  contact f1 fraud
          unreachable f1 because nobody has claims>=50
09:00:30  contact f2 fraud
          unreachable f2 because nobody has claims>=50
# Fraud may pass by a minute now.
09:01:00  queue fraud   needs=claims>=50 priority=60s
09:01:10  queue claims  needs=claims>=20
          offered c1 -> ana
09:01:11  ana accepts c1
          engaged c1 with ana
09:01:20  contact c2 claims
09:02:00  queue fraud   needs=claims>=20 priority=60s
          reachable f1
          reachable f2
09:03:00  c1 completes
          closed c1 handled
          offered f1 -> ana
