# An erased customer is a stranger from then on; whoever still waits or is served is not erased.
09:00:00  document
        | [moments.again]
        | triggers = [{ repeats = 3 }]
        | head_start = "60s"
09:00:00  queue claims
09:00:00  agent ana
09:00:00  contact c0 claims customer=lee
          offered c0 -> ana because longest idle
09:00:00  ana accepts c0
          engaged c0 with ana waited 0s
09:00:10  contact c1 claims customer=kim
09:00:11  c1 abandons
          closed c1 abandoned
09:00:20  contact c2 claims customer=kim
          scored c2 routine head start 22s
09:00:21  supervisor sam erases kim because she asked for it
          refused CUSTOMER_BUSY
09:00:22  supervisor sam erases lee because he asked for it
          refused CUSTOMER_BUSY
09:00:23  c2 abandons
          closed c2 abandoned
09:00:24  supervisor sam erases kim because she asked for it
          noted: sam because she asked for it
          erased kim
09:00:25  supervisor sam erases kim because she asked for it
          noted: sam because she asked for it
          erased kim
09:00:30  contact c3 claims customer=kim
09:00:31  why c3
          1 agent could take it, all are busy; it is 1st in claims
09:01:00  c0 completes
          closed c0 handled
          offered c3 -> ana because first in line
