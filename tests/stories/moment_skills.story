# A moment may ask skills beside empathy: as long as it is held, only who has both gets it; then anyone may take it.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [moments.bill_shock]
        | triggers = [{ event = "bill_shock" }]
        | skills = { billing = 60 }
        | hold = "10s"
        | [queues.claims]
        | service_level = "60s"
09:00:00  agent eva  skills empathy=80
09:00:00  agent bob  skills billing=90
09:00:10  contact c1 claims fact=bill_shock
          scored c1 moment of truth head start 90s
09:00:11  why c1
          2 agents with room could take it, but it is held for an empathetic one with billing>=60 for another 9s; 90s of head start from moment bill_shock by fact until 09:05:57Z
09:00:20  time
          hold of c1 over
          offered c1 -> eva because longest idle
# Who has both gets it at once.
09:00:30  contact c2 claims fact=bill_shock
          scored c2 moment of truth head start 90s
09:00:33  agent liz  skills empathy=80 billing=70
          offered c2 -> liz because first in line
