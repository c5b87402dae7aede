# A head start moves a contact within the line; another replaces it, and it goes where the place goes.
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact c1 claims
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:10  contact c2 claims
09:00:20  contact c3 claims
09:00:30  contact c4 claims
09:00:40  supervisor sam puts c4 15s ahead because the customer is in danger
          noted: sam because the customer is in danger
          head start of c4 15s
09:00:41  supervisor sam puts c2 1m back because it can wait
          noted: sam because it can wait
          head start of c2 -60s
09:00:42  c1 completes
          closed c1 handled
          offered c4 -> ana because first in line
09:00:43  ana accepts c4
          engaged c4 with ana waited 13s
09:00:44  ana cannot reach c4
          requeued c4 in claims because connect failed
          offered c3 -> ana because first in line
09:00:46  ana accepts c3
          engaged c3 with ana waited 26s
09:00:47  c3 completes
          closed c3 handled
          offered c2 -> ana because first in line
09:00:48  ana accepts c2
          engaged c2 with ana waited 38s
09:00:49  c2 completes
          closed c2 handled
09:01:14  time
          offered c4 -> ana because longest idle
