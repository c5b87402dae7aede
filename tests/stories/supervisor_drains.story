# A draining queue takes no new contacts; those that wait are served, and come back to it from an agent.
09:00:00  queue claims
09:00:00  queue night max_size=9 overflow=claims
09:00:00  queue late max_wait=30s then=overflow then_to=claims
09:00:00  agent ana
09:00:01  contact c1 claims
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:03  contact c2 claims
09:00:04  contact c3 late
09:00:05  supervisor sam drains claims because the shift ends
          noted: sam because the shift ends
          queue claims draining
09:00:06  contact c4 claims
          refused QUEUE_DRAINING
09:00:07  supervisor sam drains night because the shift ends
          noted: sam because the shift ends
          queue night draining
09:00:08  contact c5 night
          refused QUEUE_DRAINING
09:00:09  supervisor sam reopens claims because the shift is longer
          noted: sam because the shift is longer
          queue claims open
09:00:10  contact c5 night
          queued c5 in claims
09:00:11  supervisor sam drains claims because the shift ends
          noted: sam because the shift ends
          queue claims draining
09:00:12  c1 requeues
          requeued c1 in claims because asked
          offered c1 -> ana because longest idle
09:00:13  ana accepts c1
          engaged c1 with ana waited 12s
09:00:34  time
          requeued c3 in claims because overflowed
09:00:35  c1 completes
          closed c1 handled
          offered c2 -> ana because first in line
09:00:36  supervisor sam moves queue late to claims because of a slip
          refused QUEUE_DRAINING
