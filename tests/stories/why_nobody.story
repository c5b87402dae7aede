# A contact whom nobody anywhere could ever take raises an alert, and says what is missing; it ends when somebody can.
09:00:00  queue claims
09:00:00  agent ana  skills polish=40
09:00:00  agent ben
09:00:00  agent cay  skills german=90
09:00:05  contact c1 claims needs=polish>=60
          unreachable c1 because nobody has polish>=60
09:00:06  why c1
          no agent anywhere has polish>=60 (0 of 3), and waiting will not change that
09:00:06  why ana c1
          ana cannot take c1: needs polish>=60, has 40
# A contact that asks something else is none the worse for it.
09:00:07  contact c2 claims
          offered c2 -> ana because longest idle
09:00:08  why c2
          ana was the longest idle of the free agents who fit best (tier 0, 0 in use); ben would have been next (of 3 agents, by document version 1)
09:00:09  ana accepts c2
          engaged c2 with ana waited 2s
# Dan could take it, and is not there yet.
09:00:30  agent dan  skills polish=60 offline
          reachable c1
09:00:31  why c1
          1 agent could take it, none is signed in
09:00:40  dan connects
          session of dan new
09:00:41  why c1
          1 agent could take it, 1 signed in, none is available
09:00:42  dan available
          presence of dan available
          offered c1 -> dan because first in line
09:00:43  why c1
          dan became free, and the contact was first in line of those that dan may take; nobody else was free (of 4 agents, by document version 1)
09:00:44  why ana c1
          ana cannot take c1: needs polish>=60, has 40; has 0 of capacity free, 100 is needed
09:00:45  why dan c1
          dan is offered it
