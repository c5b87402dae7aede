# A target with a window: only that agent until it ends, then whoever satisfies the queue.
09:00:00  queue claims  needs=claims
09:00:00  agent ben  skills claims=50
09:00:01  contact c0 claims
          offered c0 -> ben
09:00:01  ben accepts c0
          engaged c0 with ben
09:00:02  agent ana  skills claims=50
09:00:10  contact c1 claims  target=ben window=30s
09:00:40  time
          anyone may take c1
          offered c1 -> ana because longest idle
