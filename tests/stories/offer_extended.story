# An agent may ask for more time, up to what the queue allows in all; then the offer expires like any other.
09:00:00  queue claims  offer_time=20s extension=10s
09:00:00  agent ana  silent
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  ana extends c1 by 1s
          refused OUT_OF_RANGE
09:00:06  ana shows c1
          rings c1 at ana until 09:00:26
09:00:10  ana extends c1 by 6s
          rings c1 at ana until 09:00:32
09:00:11  ana extends c1 by 5s
          refused EXTENSION_TOO_LONG
09:00:30  ana extends c1 by 4s
          rings c1 at ana until 09:00:36
09:00:36  time
          expired c1 at ana
          presence of ana away rona because rona
