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
          offered c1 -> ana because longest idle
09:00:01  ana accepts c1
          engaged c1 with ana waited 0s
09:01:01  c1 completes
          closed c1 handled
09:01:02  contact c2 cards
          offered c2 -> ana because longest idle
09:01:02  ana accepts c2
          engaged c2 with ana waited 0s
09:02:02  c2 completes
          closed c2 handled
09:02:03  contact c3 cards
          offered c3 -> ana because longest idle
09:02:03  ana accepts c3
          engaged c3 with ana waited 0s
09:03:03  c3 completes
          closed c3 handled
09:03:04  contact c4 cards
          offered c4 -> ana because longest idle
09:03:04  ana accepts c4
          engaged c4 with ana waited 0s
09:04:04  c4 completes
          closed c4 handled
09:05:00  contact d1 cards
          offered d1 -> ana because longest idle
09:05:00  ana accepts d1
          engaged d1 with ana waited 0s
09:05:05  contact d2 cards
09:05:10  contact d3 cards
          voice of cards overflows beyond 2m
          step 1 of d2 by overflow
          step 1 of d3 by overflow
          offered d2 -> pat because longest idle
09:05:15  contact d4 cards
          step 1 of d4 by overflow
09:05:20  contact d5 cards
          step 1 of d5 by overflow
09:05:25  contact d6 cards
          step 1 of d6 by overflow
09:05:26  pat accepts d2
          engaged d2 with pat waited 21s
09:06:00  d1 completes
          closed d1 handled
          offered d3 -> ana because first in line
09:06:00  ana accepts d3
          engaged d3 with ana waited 50s
09:06:26  d2 completes
          closed d2 handled
          offered d4 -> pat because first in line
09:06:26  pat accepts d4
          engaged d4 with pat waited 71s
09:07:00  d3 completes
          closed d3 handled
          offered d5 -> ana because first in line
09:07:00  ana accepts d5
          engaged d5 with ana waited 100s
09:07:26  d4 completes
          closed d4 handled
          offered d6 -> pat because first in line
          voice of cards overflows no more
09:07:26  pat accepts d6
          engaged d6 with pat waited 121s
09:07:30  contact d7 cards
09:08:00  d5 completes
          closed d5 handled
          offered d7 -> ana because first in line
09:08:00  ana accepts d7
          engaged d7 with ana waited 30s
09:08:26  d6 completes
          closed d6 handled
09:08:30  contact e1 cards
09:09:00  d7 completes
          closed d7 handled
          offered e1 -> ana because first in line
09:09:00  ana accepts e1
          engaged e1 with ana waited 30s
09:10:00  e1 completes
          closed e1 handled
