# A customer who leaves is an abandonment, a contact the platform withdraws is not; either stops the ringing at once.
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  contact c2, c3, c4 claims
09:00:10  c1 abandons
          rescinded c1 from ana because contact left
          closed c1 abandoned
          offered c2 -> ana
09:00:11  c1 abandons
          refused CONTACT_CLOSED
09:00:12  c3 withdrawn
          closed c3 cancelled
09:00:13  ana accepts c2
          engaged c2 with ana
# An agent has it: it can be completed, not cancelled.
09:00:14  c2 abandons
          refused CONTACT_STATE
09:01:00  c2 completes
          closed c2 handled
          offered c4 -> ana
09:01:01  c9 abandons
          refused CONTACT_UNKNOWN
