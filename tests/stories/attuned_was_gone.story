# The daemon was gone for an hour: nobody is sent away for it, and what contacts waited for happens at once.
09:00:00  queue claims  offer_time=20s wrap_up=30s
09:00:00  queue rare  max_wait=30m
09:00:00  agent ana  silent capacity 200
09:00:05  contact c1 claims
          offered c1 -> ana because longest idle
09:00:06  ana shows c1
          rings c1 at ana until 09:00:26
09:00:10  ana accepts c1
          engaged c1 with ana waited 5s
09:00:20  c1 completes
          wrap-up c1 at ana until 09:00:50
09:00:25  contact c2 claims
          offered c2 -> ana because longest idle
09:00:25  contact c3 rare needs=polish>=60
          unreachable c3 because nobody has polish>=60
09:00:26  ana shows c2
          rings c2 at ana until 09:00:46
10:00:30  attuned back after 1h
          3604s given back to all deadlines on others
          session of ana lost
          offering held until 10:00:40 for 1 of 1 sessions
          closed c3 expired
# Her desktop is back as well, with her session, her wrap-up and an offer that she has time to answer.
10:00:32  ana connects
          session of ana resumed
          offering goes on
10:00:45  ana accepts c2
          engaged c2 with ana waited 3620s
10:00:54  time
          wrapped up c1 at ana
          closed c1 handled
10:01:00  time
