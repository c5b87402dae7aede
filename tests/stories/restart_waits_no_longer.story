# Offering goes on ten seconds after a restart, whoever is back: an agent whose desktop died with it holds nobody up.
09:00:00  queue claims
09:00:00  agent ana
09:00:00  agent ben
09:10:00  attuned back after 1m
          600s given back to all deadlines on others
          session of ana lost
          session of ben lost
          offering held until 09:10:10 for 2 of 2 sessions
09:10:01  contact c1 claims
09:10:02  ana connects
          session of ana resumed
# A second restart during the wait begins another, for everybody who was there at first.
09:10:05  attuned back after 1s
          2s given back to all deadlines on others
          session of ana lost
          offering held until 09:10:15 for 2 of 2 sessions
09:10:06  ana connects
          session of ana resumed
09:10:15  time
          offering goes on with 1 missing
          offered c1 -> ana because first in line
09:10:16  ana accepts c1
          engaged c1 with ana waited 15s
