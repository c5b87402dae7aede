# A desktop that reconnects before the old stream is known to be dead loses nothing when it dies.
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  ana connects
          session of ana resumed
09:00:07  ana loses first stream
09:00:15  ana accepts c1
          engaged c1 with ana
09:00:20  ana loses stream
          session of ana lost
