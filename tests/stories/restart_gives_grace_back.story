# An agent whose stream broke just before the daemon did loses none of the grace period, nor of wrap-up that was extended.
09:00:00  routing session_grace=30s
09:00:00  channel chat  cost=50
09:00:00  queue claims  wrap_up=30s wrap_up_max=5m
09:00:00  agent ana
09:00:01  contact c1 claims chat
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:03  contact c2 claims chat
          offered c2 -> ana because longest idle
09:00:04  ana accepts c2
          engaged c2 with ana waited 1s
09:00:10  c1 completes
          wrap-up c1 at ana until 09:00:40
09:00:15  ana extends wrap-up c1 by 30s
          wrap-up c1 at ana until 09:01:10
09:00:20  ana loses stream
          session of ana lost
10:00:30  attuned back after 1h
          3607s given back to all deadlines on others
          offering held until 10:00:40 for 1 of 1 sessions
10:00:40  time
          offering goes on with 1 missing
10:00:57  time
          requeued c2 in claims because agent lost
          presence of ana offline because session lost
          session of ana ended
10:01:17  time
          wrapped up c1 at ana
          closed c1 handled
10:01:30  time
