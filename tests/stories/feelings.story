# Words lift a contact by half of what evidence may give; a fact or the voice beside them lets them count whole.
09:00:00  document
        | [moments.stranded]
        | triggers = [{ event = "stranded" }, { event = "flight_cancelled" }]
        | weight = 90
        | head_start = "60s"
        | [moments.distress]
        | triggers = [{ distress = 60 }]
        | weight = 40
09:00:00  queue claims
09:00:00  agent ana
09:00:00  contact c0 claims
          offered c0 -> ana because longest idle
09:00:00  ana accepts c0
          engaged c0 with ana waited 0s
09:00:10  contact calm claims
09:00:10  contact c1 claims
09:00:20  c1 signals text#1=-90/90,u80
          scored c1 routine head start 73s
09:00:20  why c1
          1 agent could take it, all are busy; it is 1st in claims; 30s of head start from emotion by text until 09:02:15Z, 43s of head start from urgency by text until 09:02:15Z
09:00:30  c1 signals text#2=-90/90,u90,stranded
          scored c1 moment of truth head start 90s
09:00:30  why c1
          1 agent could take it, all are busy; it is 1st in claims; 54s of head start from moment stranded by text until 09:06:17Z, 35s of head start from emotion by text until 09:02:25Z, 1s of head start from urgency by text until 09:02:25Z
09:00:40  c1 signals fact=flight_cancelled
          scored c1 moment of truth head start 143s
09:00:40  why c1
          1 agent could take it, all are busy; it is 1st in claims; 60s of head start from moment stranded by fact until 09:06:27Z, 35s of head start from emotion by text until 09:02:25Z, 48s of head start from urgency by text until 09:02:25Z
# One unsure message makes no moment of truth; a second one does.
09:00:50  contact c2 claims text#1=stranded,u90,-90/90,c59
          scored c2 routine head start 85s
09:00:51  c2 signals text#2=stranded,u90,-90/90,c59
          scored c2 moment of truth head start 89s
# Feelings may change: kind words later take back what the angry ones gave, as far as the end goes.
09:01:00  c1 signals text#3=50/30
          scored c1 moment of truth head start 139s
09:01:10  c1 signals text#1.1=20/20 text#2.1=20/20
          scored c1 moment of truth head start 60s
09:01:10  why c1
          1 agent could take it, all are busy; it is 1st in claims; 60s of head start from moment stranded by fact until 09:06:27Z
09:02:00  c0 completes
          closed c0 handled
          offered c1 -> ana because first in line
