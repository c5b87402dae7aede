# After two offers that nobody took, somebody else looks at the contact: it goes to the other queue, with its place.
09:00:00  queue claims   needs=claims  escalate_after=2 escalate_to=general
09:00:00  queue general  needs=general
09:00:00  agent ana  skills claims=50
09:00:00  agent ben  skills claims=50
09:00:00  agent gus  skills general=50
09:00:01  contact g1 general
          offered g1 -> gus
09:00:01  gus accepts g1
          engaged g1 with gus
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:10  contact g2 general
09:00:25  time
          expired c1 at ana
          presence of ana away rona because rona
          offered c1 -> ben
09:00:30  ben declines c1 not mine
          declined c1 by ben
          requeued c1 in general because escalated
09:01:00  g1 completes
          closed g1 handled
          offered c1 -> gus
