# Many offers unanswered at once are a stalled gateway, not idle people: an alarm is raised and nobody is set away for it.
09:00:00  channels chat
09:00:00  queue claims
09:00:00  agent ana, ben, cay, dan, eve, fay, gus, hal  limits chat=1
09:00:05  contact c1, c2, c3, c4, c5, c6, c7, c8 claims chat
          offered c1 -> ana
          offered c2 -> ben
          offered c3 -> cay
          offered c4 -> dan
          offered c5 -> eve
          offered c6 -> fay
          offered c7 -> gus
          offered c8 -> hal
09:00:25  time
          expired c1 at ana
          expired c2 at ben
          expired c3 at cay
          expired c4 at dan
          expired c5 at eve
          expired c6 at fay
          expired c7 at gus
          expired c8 at hal
          rona suspended until 09:00:35
# Everybody gets what a colleague missed, and would be away after a second miss.
