# Whoever leaves while being kept free for a call is relieved of it, and another agent is chosen.
09:00:00  channels voice, chat
09:00:00  queue claims  acceptance=automatic drain_after=30s
09:00:00  agent ana
09:00:01  contact c1, c2 claims chat
          offered c1 -> ana
          engaged c1 with ana
          offered c2 -> ana
          engaged c2 with ana
09:00:02  agent ben
09:00:03  contact c3, c4 claims chat
          offered c3 -> ben
          engaged c3 with ben
          offered c4 -> ben
          engaged c4 with ben
09:00:10  contact v1 claims voice
09:00:40  time
          draining ana for v1
09:00:50  ana away lunch
          presence of ana away lunch once work ends
          draining ben for v1
09:01:00  c3 completes
          closed c3 handled
09:01:01  c4 completes
          closed c4 handled
          offered v1 -> ben
          engaged v1 with ben
