# Where a queue forbids declining, a no is refused and the offer goes on ringing.
09:00:00  queue fraud  declining=forbidden offer_time=12s
09:00:00  agent ana
09:00:05  contact c1 fraud
          offered c1 -> ana
09:00:08  ana declines c1 not today
          refused DECLINE_FORBIDDEN
09:00:10  ana accepts c1
          engaged c1 with ana
