# Among agents who fit, the preferred come first, then the next tier, then everybody; longest idle counts inside a tier only.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards>=40"] }
        | prefer = [{ all = ["cards>=70", "empathy>=60"] }, { all = ["cards>=70"] }]
09:00:00  agent ana  skills cards=50 empathy=90
09:00:00  agent ben  skills cards=80 empathy=10
09:00:00  agent cay  skills cards=70 empathy=60
09:01:00  contact c1 cards
          offered c1 -> cay
09:01:01  contact c2 cards
          offered c2 -> ben
09:01:02  contact c3 cards
          offered c3 -> ana
09:01:03  contact c4 cards
# A freed agent takes the first in line, whatever the tier: nobody better is idle.
09:01:05  ana declines c3 not mine
          declined c3 by ana
          offered c4 -> ana
