# Steps and longest waits that passed while the daemon was gone happen at once, in the order in which they were due.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards>=40"] }
        | max_wait = { after = "10m", then = "overflow", queue = "general" }
        | [[queues.cards.steps]]
        | after = "60s"
        | require = { all = ["cards>=30"] }
        | [[queues.cards.steps]]
        | after = "3m"
        | require = { all = ["cards>=20"] }
        | [queues.general]
        | require = { all = ["loans>=40"] }
        | max_wait = { after = "5m", then = "give_up" }
09:00:00  agent ana  skills cards=20
09:00:00  agent ben  skills cards=10 loans=40
09:00:05  ana away lunch
          presence of ana away lunch
09:00:05  ben away lunch
          presence of ben away lunch
09:01:00  contact c1 cards
09:02:00  time
          step 1 of c1
09:04:00  time
          step 2 of c1
09:05:30  contact g1 general
09:05:40  contact c2 cards
09:05:50  contact g2 general
09:11:00  attuned back after 5m
          310s given back to all deadlines on others
          session of ana lost
          session of ben lost
          offering held until 09:11:10 for 2 of 2 sessions
          step 2 of c2
          closed g1 expired
          closed g2 expired
          requeued c1 in general because overflowed
09:11:03  ana connects
          session of ana resumed
09:11:04  ben connects
          session of ben resumed
          offering goes on
09:11:05  ben available
          presence of ben available
          offered c1 -> ben because first in line
09:11:06  ben accepts c1
          engaged c1 with ben waited 606s
09:15:40  time
          requeued c2 in general because overflowed
