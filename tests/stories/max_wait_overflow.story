# After the longest wait a contact goes on to another queue with the place its waiting earned.
09:00:00  queue cards    needs=cards   max_wait=60s then=overflow then_to=general
09:00:00  queue fraud    needs=fraud   max_wait=30s then=escalate then_to=general
09:00:00  queue general
09:00:00  agent gus
09:00:00  contact g0 general
          offered g0 -> gus
09:00:01  gus accepts g0
          engaged g0 with gus
09:00:10  contact c1 cards
09:00:40  contact g1 general
09:00:45  contact f1 fraud
09:01:10  time
          requeued c1 in general because overflowed
09:01:15  time
          requeued f1 in general because escalated
09:02:00  g0 completes
          closed g0 handled
          offered c1 -> gus
09:02:01  gus accepts c1
          engaged c1 with gus waited 111s
09:03:00  c1 completes
          closed c1 handled
          offered g1 -> gus
09:03:01  gus accepts g1
          engaged g1 with gus
09:04:00  g1 completes
          closed g1 handled
          offered f1 -> gus
