# An agent who loses the skill while being kept free for a call does not get it.
09:00:00  channels voice, chat
09:00:00  queue claims  needs=claims drain_after=30s acceptance=automatic
09:00:00  agent ana  skills claims=50
09:00:01  contact c1, c2 claims chat
          offered c1 -> ana
          engaged c1 with ana
          offered c2 -> ana
          engaged c2 with ana
09:00:10  contact v1 claims voice
09:00:40  time
          draining ana for v1
09:00:50  agent ana
          unreachable v1 because nobody has claims
09:01:00  c1 completes
          closed c1 handled
09:01:01  c2 completes
          closed c2 handled
