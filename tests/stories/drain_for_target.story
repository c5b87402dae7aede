# A call for one agent does not starve behind that agent's chats either.
09:00:00  channels voice, chat
09:00:00  queue claims  acceptance=automatic drain_after=30s
09:00:00  agent ana
09:00:01  contact c1, c2 claims chat
          offered c1 -> ana
          engaged c1 with ana
          offered c2 -> ana
          engaged c2 with ana
09:00:10  contact v1 claims voice  target=ana
09:00:20  contact c3 claims chat
09:00:40  time
          draining ana for v1
09:00:50  c1 completes
          closed c1 handled
09:01:00  c2 completes
          closed c2 handled
          offered v1 -> ana
          engaged v1 with ana
