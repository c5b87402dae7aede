# While waits are expected to be long the step begins for all who wait and all who come, and the queue's own agents may
# still take them. Who has reached it keeps it when that is over; who comes then does not.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards"] }
        | [[queues.cards.steps]]
        | after = "10m"
        | when_wait_over = "2m"
        | require = { any = ["cards", "payments"] }
09:00:00  agent ana  skills cards=60
09:00:00  agent pat  skills payments=60
09:00:01  contact c1 cards
09:00:01  ana accepts c1
09:00:02  contact c2 cards
09:00:03  contact c3 cards
09:00:04  overflow cards voice 2m
09:00:05  pat accepts c2
09:00:06  contact c4 cards
09:00:10  why c4
09:01:00  overflow cards voice over
09:01:01  contact c5 cards
09:01:02  c2 completes
09:01:02  pat accepts c3
09:01:03  c1 completes
09:01:03  ana accepts c4
09:01:04  c3 completes
09:01:05  overflow cards voice over
09:01:06  overflow cards voice 3m
09:01:07  overflow cards email 2m
