# Nine of ten are enough: the last one may be long gone.
09:00:00  queue claims
09:00:00  agent a1, a2, a3, a4, a5, a6, a7, a8, a9, a10
09:00:30  attuned back after 5s
          30s given back to all deadlines on others
          session of a1 lost
          session of a10 lost
          session of a2 lost
          session of a3 lost
          session of a4 lost
          session of a5 lost
          session of a6 lost
          session of a7 lost
          session of a8 lost
          session of a9 lost
          offering held until 09:00:40 for 9 of 10 sessions
09:00:31  contact c1 claims
09:00:32  a1 connects
          session of a1 resumed
09:00:32  a2 connects
          session of a2 resumed
09:00:32  a3 connects
          session of a3 resumed
09:00:32  a4 connects
          session of a4 resumed
09:00:32  a5 connects
          session of a5 resumed
09:00:32  a6 connects
          session of a6 resumed
09:00:32  a7 connects
          session of a7 resumed
09:00:32  a8 connects
          session of a8 resumed
09:00:33  a10 connects
          session of a10 resumed
          offering goes on with 1 missing
          offered c1 -> a1 because first in line
09:00:34  a9 connects
          session of a9 resumed
