# A stream that drops and comes back within 3 s costs nothing; later, its offers have gone to others without blame.
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:10  ana loses stream
          session of ana lost
09:00:12  ana connects
          session of ana resumed
09:00:13  ana loses stream
          session of ana lost
09:00:14  agent ben
# Nothing new for whom nobody can reach: Ben has the newer contact.
09:00:15  contact c2 claims
          offered c2 -> ben
09:00:16  time
          rescinded c1 from ana because session lost
09:00:20  ana connects
          session of ana resumed
          offered c1 -> ana
09:00:21  ana accepts c1
          engaged c1 with ana
