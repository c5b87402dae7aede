# Only misses in a row count: an agent who answers in between, be it with a no, is there.
09:00:00  channels chat
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims chat
          offered c1 -> ana
09:00:25  time
          expired c1 at ana
09:00:26  c1 abandons
          closed c1 abandoned
09:00:30  contact c2 claims chat
          offered c2 -> ana
09:00:31  ana accepts c2
          engaged c2 with ana
09:00:40  contact c3 claims chat
          offered c3 -> ana
09:01:00  time
          expired c3 at ana
09:01:01  c3 abandons
          closed c3 abandoned
09:01:10  contact c4 claims chat
          offered c4 -> ana
09:01:11  ana declines c4 not my subject
          declined c4 by ana
09:01:12  c4 abandons
          closed c4 abandoned
# One miss since she said no.
09:01:20  contact c5 claims chat
          offered c5 -> ana
09:01:40  time
          expired c5 at ana
