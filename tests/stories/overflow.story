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
          offered c1 -> ana because longest idle
09:00:01  ana accepts c1
          engaged c1 with ana waited 0s
09:00:02  contact c2 cards
09:00:03  contact c3 cards
09:00:04  overflow cards voice 2m
          voice of cards overflows beyond 2m
          step 1 of c2 by overflow
          step 1 of c3 by overflow
          offered c2 -> pat because longest idle
09:00:05  pat accepts c2
          engaged c2 with pat waited 3s
09:00:06  contact c4 cards
          step 1 of c4 by overflow
09:00:10  why c4
          2 agents could take it, all are busy; it is 2nd in cards; overflow: at 09:00:06Z the estimated wait was beyond 2m
09:01:00  overflow cards voice over
          voice of cards overflows no more
09:01:01  contact c5 cards
09:01:02  c2 completes
          closed c2 handled
          offered c3 -> pat because first in line
09:01:02  pat accepts c3
          engaged c3 with pat waited 59s
09:01:03  c1 completes
          closed c1 handled
          offered c4 -> ana because first in line
09:01:03  ana accepts c4
          engaged c4 with ana waited 57s
09:01:04  c3 completes
          closed c3 handled
09:01:05  overflow cards voice over
09:01:06  overflow cards voice 3m
          refused OUT_OF_RANGE
09:01:07  overflow cards email 2m
          refused CHANNEL_UNKNOWN
