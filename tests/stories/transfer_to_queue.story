# A transferred contact keeps its place if it is to, or stands last; the agent wraps up meanwhile and does not get it back.
09:00:00  queue claims  wrap_up=30s
09:00:00  queue loans   needs=loans
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana waited 1s
09:00:10  contact l1 loans
          unreachable l1 because nobody has loans
09:01:00  c1 transfers to queue loans
          wrap-up c1 at ana until 09:01:30
          requeued c1 in loans because transferred
          unreachable c1 because nobody has loans
09:01:30  time
          wrapped up c1 at ana
09:01:40  agent ben  skills loans=50
          reachable c1
          reachable l1
          offered c1 -> ben
09:01:41  ben accepts c1
          engaged c1 with ben
09:02:00  c1 transfers to queue loans new place
          requeued c1 in loans because transferred
          offered l1 -> ben
09:02:01  ben accepts l1
          engaged l1 with ben
09:03:00  l1 completes
          closed l1 handled
          offered c1 -> ben
09:03:01  c1 transfers to queue claims
          refused CONTACT_STATE
