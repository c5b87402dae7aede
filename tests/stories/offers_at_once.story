# Two phones ring for one contact: a no lets a third ring, and a contact behind waits although it came a second later only.
09:00:00  queue claims  offers=2 offer_time=20s
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  contact c2 claims
# Ben comes, and rings for the first in line, not for the second.
09:00:08  agent ben
          offered c1 -> ben
09:00:09  agent cay
          offered c2 -> cay
09:00:10  ben declines c1 lunch
          declined c1 by ben
          offered c2 -> ben
09:00:12  ana accepts c1
          engaged c1 with ana waited 7s
09:00:13  cay accepts c2
          rescinded c2 from ben because taken
          engaged c2 with cay waited 7s
09:00:14  ben accepts c2
          refused OFFER_TAKEN
09:00:14  ben accepts c1
          refused OFFER_UNKNOWN
