# Exclusions and a target count for one contact alone: others of the same queue raise no alert.
09:00:00  channels chat
09:00:00  queue claims
09:00:00  agent ana  limits chat=0
09:00:00  agent ben  offline
09:00:05  contact c1 claims chat
09:00:06  contact c2 claims chat exclude=ben
          unreachable c2 because everybody is excluded
09:00:07  why c2
          it excludes everybody who could take it (1 agent), and waiting will not change that
09:00:08  contact c3 claims chat target=ana window=30s
09:00:09  contact c4 claims chat target=ana
          unreachable c4 because its target never has room
09:00:10  why c4
          it waits for ana alone: nobody who has what it asks ever has room for chat of cost 34 (0 of 1), and waiting will not change that
09:00:20  agent ana  limits chat=1
          offered c1 -> ana because first in line
          reachable c2
          reachable c4
