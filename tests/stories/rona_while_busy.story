# An agent who misses chats while handling one is set away when that is done, and gets nothing new until then.
09:00:00  channel chat  cost=34 misses_max=1
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims chat
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana
09:00:10  contact c2 claims chat
          offered c2 -> ana
09:00:30  time
          expired c2 at ana
          presence of ana away rona once work ends
09:00:35  contact c3 claims chat
09:01:00  c1 completes
          presence of ana away rona because work ended
          closed c1 handled
