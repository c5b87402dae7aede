# Two phones ring, one answers first; the other learns that the contact is taken.
09:00:00  queue claims  offers=2 offer_time=20s
09:00:00  agent ana, ben  skills claims=70
09:00:05  contact c1 claims
          offered c1 -> ana, ben
09:00:09  ben accepts c1
          rescinded c1 from ana because taken
          engaged c1 with ben waited 4s
09:00:09  ana accepts c1
          refused OFFER_TAKEN
09:03:00  c1 completes
          closed c1 handled
