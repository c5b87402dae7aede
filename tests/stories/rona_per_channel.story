# Misses are counted by channel: a missed chat and a missed text message are one each.
09:00:00  channels chat, sms
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims chat
          offered c1 -> ana
09:00:06  contact s1 claims sms
          offered s1 -> ana
09:00:25  time
          expired c1 at ana
09:00:26  time
          expired s1 at ana
09:00:30  contact s2 claims sms
          offered s2 -> ana
09:00:50  time
          expired s2 at ana
          presence of ana away rona because rona
