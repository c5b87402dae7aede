# After a restart whoever is back first does not get what a better agent, a second later, should have.
09:00:00  document
        | [queues.claims]
        | prefer = [{ all = ["claims>=80"] }]
09:00:00  agent ana  skills claims=90
09:00:00  agent ben  skills claims=10
09:00:00  agent cay  skills claims=10
09:00:05  contact c1 claims
          offered c1 -> ana because longest idle
09:00:06  contact c2 claims
          offered c2 -> ben because longest idle
09:00:10  ana accepts c1
          engaged c1 with ana waited 5s
09:00:12  c1 completes
          closed c1 handled
09:00:20  attuned back after 5s
          8s given back to all deadlines on others
          session of ana lost
          session of ben lost
          session of cay lost
          offering held until 09:00:30 for 3 of 3 sessions
# Contacts are taken in, and offers that were open are still answered; only nothing new is offered.
09:00:21  contact c3 claims
09:00:21  ben connects
          session of ben resumed
09:00:22  why c3
          nothing is offered for another 8s at most: 2 of 3 agents are not back after the restart
09:00:22  why cay
          cay has lost the connection; c3 would be next
09:00:22  why ben c3
          ben could take c3, but not now: has 0 of capacity free, 100 is needed; gets nothing until agents are back after the restart
09:00:22  ben accepts c2
          engaged c2 with ben waited 16s
09:00:23  cay connects
          session of cay resumed
09:00:24  c2 completes
          closed c2 handled
09:00:25  ana connects
          session of ana resumed
          offering goes on
          offered c3 -> ana because first in line
09:00:26  time
