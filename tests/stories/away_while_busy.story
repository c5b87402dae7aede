# Leaving with a customer on the line waits until the work is done; nothing new comes meanwhile.
09:00:00  channels chat
09:00:00  queue claims  wrap_up=30s
09:00:00  agent ana
09:00:05  contact c1 claims chat
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana
09:00:10  contact c2 claims chat
          offered c2 -> ana
09:00:12  ana away lunch
          presence of ana away lunch once work ends
          rescinded c2 from ana because agent left
09:01:00  c1 completes
          wrap-up c1 at ana until 09:01:30
09:01:30  time
          wrapped up c1 at ana
          closed c1 handled
          presence of ana away lunch because work ended
09:30:00  ana available
          presence of ana available
          offered c2 -> ana
09:30:01  ana accepts c2
          engaged c2 with ana
09:30:02  contact c3 claims chat
          offered c3 -> ana
# She changes her mind before the work is done.
09:30:03  ana offline
          presence of ana offline once work ends
          rescinded c3 from ana because agent left
09:30:04  ana available
          presence of ana available
          offered c3 -> ana
