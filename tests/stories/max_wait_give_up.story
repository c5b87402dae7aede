# Nobody waits for ever: after the longest wait the contact is closed and the platform told; an open offer may end first.
09:00:00  queue claims  max_wait=60s
09:00:00  agent ana  offline
09:00:05  contact c1 claims
09:00:50  contact c2 claims
# Time spent parked does not count.
09:01:00  c2 parks for 40s
          parked c2 until 09:01:40
09:01:05  time
          closed c1 expired
09:01:40  time
          released c2
09:02:20  ana connects
          session of ana new
09:02:20  ana available
          presence of ana available
          offered c2 -> ana
# Its wait was over at 09:02:30, while it rang.
09:02:40  time
          expired c2 at ana
          presence of ana away rona because rona
          closed c2 expired
