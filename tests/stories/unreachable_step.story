# Nobody has what is asked now, and a later step lets somebody in: that is no alert, but the explanation says it.
09:00:00  skills loans
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards>=80"] }
        | [[queues.cards.steps]]
        | after = "30s"
        | require = { all = ["cards>=40"] }
        | [queues.loans]
        | require = { all = ["loans"] }
        | max_wait = { after = "1m", then = "overflow", queue = "cards" }
09:00:00  agent ana  skills cards=50 offline
09:00:10  contact c1 cards
09:00:11  why c1
          no agent anywhere has cards>=80 (0 of 1), at this step, but somebody could as it waits on; step 1 in 29s lets 1 agent take it, 0 available
# Where the end of the wait leads to counts too.
09:00:20  contact c2 loans
09:00:21  why c2
          no agent anywhere has loans (0 of 1), at this step, but somebody could as it waits on
# The last who could is gone: both are unreachable, until somebody comes.
09:00:30  ana deleted
          unreachable c1 because there are no agents
          unreachable c2 because there are no agents
09:00:31  why c1
          there is no agent at all, and waiting will not change that
09:00:35  agent ben  skills cards=40 offline
          reachable c1
          reachable c2
09:00:36  why c1
          no agent anywhere has cards>=80 (0 of 1), at this step, but somebody could as it waits on; step 1 in 4s lets 1 agent take it, 0 available
