# A paused queue takes contacts in and offers none; what rings goes on ringing, and maximum waits count.
09:00:00  queue claims max_wait=60s
09:00:00  queue loans
09:00:00  agent ana, ben
09:00:01  contact c1 claims
          offered c1 -> ana because longest idle
09:00:02  supervisor sam pauses claims because the claims system is down
          noted: sam because the claims system is down
          queue claims paused
09:00:03  contact c2 claims target=ben
09:00:04  contact c3 claims
09:00:05  contact c4 loans
          offered c4 -> ben because longest idle
09:00:06  ana declines c1 system down
          declined c1 by ana because system down
09:00:07  ben accepts c4
          engaged c4 with ben waited 2s
09:00:08  supervisor sam pauses claims because it is still down
          noted: sam because it is still down
09:00:20  supervisor kim reopens claims because it is back
          noted: kim because it is back
          queue claims open
          offered c3 -> ana because longest idle
09:00:21  ana accepts c3
          engaged c3 with ana waited 17s
09:00:22  supervisor kim pauses claims because it is down again
          noted: kim because it is down again
          queue claims paused
09:00:23  c3 completes
          closed c3 handled
09:01:01  time
          closed c1 expired
09:01:03  time
          closed c2 expired
