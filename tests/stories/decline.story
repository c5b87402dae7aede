# A declined contact keeps its place and returns to the same agent after 30 s, then 60 s, 2, 4 and at most 5 minutes.
09:00:00  queue claims
09:00:00  agent ana
09:00:00  contact c1 claims
          offered c1 -> ana
09:00:10  ana declines c1 not my subject
          declined c1 by ana because not my subject
# She is free for others.
09:00:15  contact c2 claims
          offered c2 -> ana
09:00:16  ana accepts c2
          engaged c2 with ana
09:00:30  c2 completes
          closed c2 handled
09:00:40  time
          offered c1 -> ana
09:00:50  ana declines c1 still not
          declined c1 by ana
09:01:50  time
          offered c1 -> ana
09:02:00  ana declines c1 no
          declined c1 by ana
09:04:00  time
          offered c1 -> ana
09:04:10  ana declines c1 no
          declined c1 by ana
09:08:10  time
          offered c1 -> ana
09:08:20  ana declines c1 no
          declined c1 by ana
09:13:20  time
          offered c1 -> ana
09:13:30  ana declines c1 no
          declined c1 by ana
# Five minutes for ever after; somebody else may have it at once.
09:14:00  agent ben
          offered c1 -> ben
