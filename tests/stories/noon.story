# An operator changes routing at noon, with people waiting: loans go before others, cards may go to anybody after a
# minute, and travel is no more and says where its contacts go. Nobody loses what waiting has earned.
11:55:00  queue loans   needs=loans>=50
11:55:00  document
        | [queues.cards]
        | require = { all = ["cards>=50"] }
11:55:00  queue travel  priority=30s
11:55:00  agent ana  skills loans=80
11:55:00  contact x1 travel
11:55:01  ana accepts x1
11:58:00  contact c1 cards
11:58:30  contact t1 travel
11:59:00  contact l1 loans
11:59:30  contact t2 travel
11:59:40  t2 parks for 10m
12:00:00  queue loans   needs=loans>=50 priority=90s
12:00:00  document
        | [queues.cards]
        | require = { all = ["cards>=50"] }
        | [[queues.cards.steps]]
        | after = "60s"
        | require = {}
12:00:00  drop queue travel to=loans
# All of them stand where they would stand had it always been so.
12:00:10  x1 completes
12:00:11  ana accepts t1
12:00:20  t1 completes
12:00:21  ana accepts l1
12:00:30  l1 completes
12:00:31  ana accepts c1
12:01:00  t2 releases
12:01:10  c1 completes
