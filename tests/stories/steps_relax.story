# Waiting lowers the bar: at each step the requirement changes for contacts that have waited so long, to the second.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards>=40"] }
        | [[queues.cards.steps]]
        | after = "60s"
        | require = { all = ["cards>=20"] }
        | [[queues.cards.steps]]
        | after = "3m"
        | require = { any = ["cards>=20", "payments>=40"] }
09:00:00  agent ana  skills cards=20
09:00:00  agent ben  skills payments=40
09:00:10  contact c1 cards
09:00:40  contact c2 cards
09:01:10  time
          step 1 of c1
          offered c1 -> ana
09:01:11  ana accepts c1
          engaged c1 with ana
09:01:40  time
          step 1 of c2
09:03:40  time
          step 2 of c2
          offered c2 -> ben
