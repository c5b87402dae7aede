# Ana needs a minute for a customer. As more come than she can serve within two minutes, Pat helps, also those who wait
# already; when she can again, whoever comes waits for Ana alone. Shorter waits for a moment do not end it.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards"] }
        | [[queues.cards.steps]]
        | when_wait_over = "2m"
        | require = { any = ["cards", "payments"] }
09:00:00  waits are estimated
09:00:00  agent ana  skills cards=60
09:00:00  agent pat  skills payments=60
09:00:01  contact c1 cards
09:00:01  ana accepts c1
09:01:01  c1 completes
09:01:02  contact c2 cards
09:01:02  ana accepts c2
09:02:02  c2 completes
09:02:03  contact c3 cards
09:02:03  ana accepts c3
09:03:03  c3 completes
09:03:04  contact c4 cards
09:03:04  ana accepts c4
09:04:04  c4 completes
09:05:00  contact d1 cards
09:05:00  ana accepts d1
09:05:05  contact d2 cards
09:05:10  contact d3 cards
09:05:15  contact d4 cards
09:05:20  contact d5 cards
09:05:25  contact d6 cards
