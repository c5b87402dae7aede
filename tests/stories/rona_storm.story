# Many offers unanswered at once are a stalled gateway, not idle people: an alarm is raised and nobody is set away for it.
08:59:00  channels chat
08:59:00  queue claims
08:59:00  agent ivy  limits chat=1
08:59:10  contact c0 claims chat
          offered c0 -> ivy
08:59:30  time
          expired c0 at ivy
08:59:31  c0 abandons
          closed c0 abandoned
09:00:00  agent ana, ben, cay, dan, eve, fay, gus, hal  limits chat=1
09:00:05  contact c1, c2, c3, c4, c5, c6, c7, c8 claims chat  exclude=ivy
          offered c1 -> ana
          offered c2 -> ben
          offered c3 -> cay
          offered c4 -> dan
          offered c5 -> eve
          offered c6 -> fay
          offered c7 -> gus
          offered c8 -> hal
09:00:06  contact c9 claims chat
          offered c9 -> ivy
09:00:25  time
          expired c1 at ana
          expired c2 at ben
          expired c3 at cay
          expired c4 at dan
          expired c5 at eve
          expired c6 at fay
          expired c7 at gus
          rona suspended until 09:01:25
          expired c8 at hal
          offered c1 -> ben
          offered c2 -> ana
          offered c3 -> dan
          offered c4 -> cay
          offered c5 -> fay
          offered c6 -> eve
          offered c7 -> hal
          offered c8 -> gus
# Ivy's second miss in a row: on any other day she would be away now.
09:00:26  time
          rona suspended until 09:01:26
          expired c9 at ivy
