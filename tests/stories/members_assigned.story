# A queue with assigned members goes to nobody else, however idle and skilled.
09:00:00  queue vip  members=assigned needs=claims
09:00:00  agent ana  skills claims=90
09:00:00  agent ben  queues vip
09:00:10  contact c1 vip
          unreachable c1 because nobody has all of it
09:00:20  agent cay  skills claims=10  queues vip
          reachable c1
          offered c1 -> cay
09:00:21  cay accepts c1
          engaged c1 with cay
09:00:30  contact c2 vip
# Ana is assigned as well.
09:00:40  agent ana  skills claims=90  queues vip
          offered c2 -> ana
