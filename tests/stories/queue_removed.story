# A queue goes, and its contacts go on in another: nobody loses what waiting has earned, and calls go on.
09:00:00  queue claims
09:00:00  queue loans  priority=10s wrap_up=30s
09:00:00  agent ana  skills loans=50
09:00:10  contact l1 loans
          offered l1 -> ana because longest idle
09:00:11  ana accepts l1
          engaged l1 with ana waited 1s
09:00:20  contact l2 loans
09:00:25  contact c1 claims
09:00:40  contact l3 loans
09:00:45  l3 parks for 10m
          parked l3 until 09:10:45
# Without a word about its contacts it stays.
09:01:00  drop queue loans
          refused QUEUES_NOT_EMPTY
09:01:10  drop queue loans to=lians
          refused MOVES_INVALID
09:01:20  drop queue loans to=claims
          moved l1 to claims
          moved l2 to claims
          moved l3 to claims
# What followed the call under the old queue is what follows it under the new one: no wrap-up here.
09:02:00  l1 completes
          closed l1 handled
          offered l2 -> ana because first in line
09:02:01  ana accepts l2
          engaged l2 with ana waited 101s
09:03:00  l2 completes
          closed l2 handled
          offered c1 -> ana because first in line
09:03:01  ana accepts c1
          engaged c1 with ana waited 156s
09:04:00  l3 released
          released l3
09:05:00  c1 completes
          closed c1 handled
          offered l3 -> ana because first in line
09:05:10  contact l4 loans
          refused QUEUE_UNKNOWN
