# An agent kept free for a call that moves to a queue of other skills is free of it: nobody unskilled gets the call.
09:00:00  channels voice, chat
09:00:00  queue claims  needs=claims drain_after=30s acceptance=automatic max_wait=60s then=overflow then_to=loans
09:00:00  queue loans   needs=loans acceptance=automatic
09:00:00  agent ana  skills claims=50
09:00:01  contact c1, c2 claims chat
          offered c1 -> ana
          engaged c1 with ana
          offered c2 -> ana
          engaged c2 with ana
09:00:10  contact v1 claims voice
09:00:40  time
          draining ana for v1
09:01:00  c1 completes
          closed c1 handled
09:01:10  time
          requeued v1 in loans because overflowed
          unreachable v1 because nobody has loans
09:01:20  contact c3 claims chat
          offered c3 -> ana
          engaged c3 with ana
09:01:30  c2 completes
          closed c2 handled
09:01:31  c3 completes
          closed c3 handled
09:01:40  agent ben  skills loans=50
          reachable v1
          offered v1 -> ben
          engaged v1 with ben
