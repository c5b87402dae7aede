# An unconfirmed call never ends by itself, but anyone who knows that it is over can say so.
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact v1 claims
          offered v1 -> ana
09:00:02  ana accepts v1
          engaged v1 with ana
09:00:10  ana loses stream
          session of ana lost
09:01:10  time
          unconfirmed v1 with ana
          presence of ana offline because session lost
          session of ana ended
12:00:00  v1 completes
          closed v1 handled
12:00:01  ana deleted
