# Wrap-up keeps the agent from the next contact: it can be extended up to the maximum, ends by itself or by a word.
09:00:00  queue claims  wrap_up=30s wrap_up_max=60s
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana
09:00:10  contact c2, c3 claims
09:02:00  c1 completes
          wrap-up c1 at ana until 09:02:30
09:02:10  ana extends wrap-up c1 by 20s
          wrap-up c1 at ana until 09:02:50
09:02:20  ana extends wrap-up c1 by 11s
          refused EXTENSION_TOO_LONG
09:02:50  time
          wrapped up c1 at ana
          closed c1 handled
          offered c2 -> ana
09:02:51  ana accepts c2
          engaged c2 with ana
09:02:52  ana ends wrap-up c2
          refused ENGAGEMENT_UNKNOWN
09:03:00  c2 completes
          wrap-up c2 at ana until 09:03:30
09:03:05  ana ends wrap-up c2
          wrapped up c2 at ana
          closed c2 handled
          offered c3 -> ana
