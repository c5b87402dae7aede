# Longest idle by default: who has gone longest without a contact; a break in between changes nothing.
09:00:00  routing longest_idle=since_last_contact
09:00:00  queue claims
09:00:00  agent ana, ben
09:00:01  contact c1 claims
          offered c1 -> ana
09:00:01  ana accepts c1
          engaged c1 with ana
09:00:02  contact c2 claims
          offered c2 -> ben
09:00:02  ben accepts c2
          engaged c2 with ben
09:03:00  c2 completes
          closed c2 handled
09:03:10  ben away coffee
          presence of ben away coffee
09:03:30  ben available
          presence of ben available
09:04:00  c1 completes
          closed c1 handled
# Ben's last contact ended at 09:03:00, Ana's at 09:04:00.
09:05:00  contact c3 claims
          offered c3 -> ben
