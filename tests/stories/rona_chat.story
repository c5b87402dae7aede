# Two missed chats in a row set an agent away.
09:00:00  channels chat
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims chat
          offered c1 -> ana
09:00:25  time
          expired c1 at ana
09:00:30  contact c2 claims chat
          offered c2 -> ana
09:00:50  time
          expired c2 at ana
          presence of ana away rona because rona
