# A transfer to an agent waits for that agent; with a window, the queue takes over when it ends.
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact c1 claims
          offered c1 -> ana
09:00:02  ana accepts c1
          engaged c1 with ana
09:00:03  agent ben
09:00:04  contact c2 claims
          offered c2 -> ben
09:00:05  ben accepts c2
          engaged c2 with ben
09:01:00  c1 transfers to agent ben
          requeued c1 in claims because transferred
09:02:00  c2 completes
          closed c2 handled
          offered c1 -> ben because target
09:02:01  ben accepts c1
          engaged c1 with ben
09:03:00  ana away lunch
          presence of ana away lunch
09:03:10  c1 transfers to agent ana for 20s
          requeued c1 in claims because transferred
09:03:30  time
          anyone may take c1
          offered c1 -> ben
