# One missed call sets an agent away; being away ends by the agent's word.
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:25  time
          expired c1 at ana
          presence of ana away rona because rona
# Back at her desk; the missed contact does not return to her within 30 s, others may.
09:00:30  ana available
          presence of ana available
09:00:40  contact c2 claims
          offered c2 -> ana
09:00:41  ana accepts c2
          engaged c2 with ana
09:00:50  c2 completes
          closed c2 handled
09:00:55  time
          offered c1 -> ana
