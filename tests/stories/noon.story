# An operator changes routing at noon, with people waiting: loans go before others, cards may go to anybody after a
# minute, and travel is no more and says where its contacts go. Nobody loses what waiting has earned.
11:55:00  skills cards, loans
11:55:00  queue travel  priority=30s
11:55:00  document
        | [queues.loans]
        | require = { all = ["loans>=50"] }
        | [queues.cards]
        | require = { all = ["cards>=50"] }
11:55:00  agent ana  skills loans=80
11:55:00  agent ben  skills loans=80  offline
11:55:00  contact x1 travel
          offered x1 -> ana because longest idle
11:55:01  ana accepts x1
          engaged x1 with ana waited 1s
11:58:00  contact c1 cards
          unreachable c1 because nobody has cards>=50
11:58:30  contact t1 travel
11:59:00  contact l1 loans
11:59:30  contact t2 travel
11:59:40  t2 parks for 10m
          parked t2 until 12:09:40
12:00:00  slices of 1
12:00:00  document without travel to=loans
        | [queues.loans]
        | require = { all = ["loans>=50"] }
        | priority = "90s"
        | [queues.cards]
        | require = { all = ["cards>=50"] }
        | [[queues.cards.steps]]
        | after = "60s"
        | require = {}
          document 2 takes over queues (1 left)
# It is in force once every agent is taken over: who comes before that comes under the one before, which knows travel.
12:00:01  contact l2 loans
12:00:01  contact t3 travel
12:00:01  slice
          document 2 takes over agents (2 left)
12:00:01  slice
          document 2 takes over agents (1 left)
12:00:02  queue claims
          refused DOCUMENT_SWEEPING
          document 2 takes over agents (1 left)
12:00:02  slice
          document 2 takes over contacts (7 left)
# Now it is, but whoever waited goes by the one before until it is their turn: t1 is still first, and still in travel.
12:00:03  contact t4 travel
          refused QUEUE_UNKNOWN
12:00:03  contact l3 loans
12:00:03  ben connects
          session of ben new
12:00:03  ben available
          presence of ben available
          offered t1 -> ben because first in line
12:00:04  ben accepts t1
          engaged t1 with ben waited 94s
12:00:05  slice
          reachable c1
          document 2 takes over contacts (7 left)
12:00:05  slice
          document 2 takes over contacts (6 left)
12:00:05  slice
          document 2 takes over contacts (5 left)
12:00:05  slice
          document 2 takes over contacts (4 left)
12:00:06  why t3
          2 agents could take it, all are busy; it is 2nd in travel
12:00:06  slice
          moved t1 to loans
          document 2 takes over contacts (3 left)
12:00:06  slice
          moved t2 to loans
          document 2 takes over contacts (2 left)
12:00:06  slice
          moved t3 to loans
          document 2 takes over contacts (1 left)
12:00:06  why t3
          2 agents could take it, all are busy; it is 4th in loans
12:00:07  slice
          moved x1 to loans
          document 2 takes over work (2 left)
12:00:07  slice
          document 2 takes over work (1 left)
12:00:07  slice
          document 2 has taken over
# All of them stand where they would stand had it always been so: l1, c1, l2, t3.
12:00:10  x1 completes
          closed x1 handled
          offered l1 -> ana because first in line
12:00:11  ana accepts l1
          engaged l1 with ana waited 71s
12:00:20  l1 completes
          closed l1 handled
          offered c1 -> ana because first in line
12:00:21  ana accepts c1
          engaged c1 with ana waited 141s
12:00:30  t1 completes
          closed t1 handled
          offered l2 -> ben because first in line
12:00:31  ben accepts l2
          engaged l2 with ben waited 30s
12:00:40  c1 completes
          closed c1 handled
          offered t3 -> ana because first in line
12:00:41  ana accepts t3
          engaged t3 with ana waited 40s
12:00:50  l2 completes
          closed l2 handled
          offered l3 -> ben because first in line
12:01:00  t2 released
          released t2
