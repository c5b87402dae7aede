# A supervisor moves a waiting contact; it keeps its place unless told otherwise, and a parked one stays parked.
09:00:00  queue claims
09:00:00  queue loans
09:00:00  agent ana
09:00:01  contact c1 loans
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:03  contact c2 claims
09:00:04  contact c3 loans
09:00:05  contact c4 claims
09:00:06  c4 parks for 10m
          parked c4 until 09:10:06
09:00:07  supervisor sam moves c2 to loans because claims is short of people
          noted: sam because claims is short of people
          requeued c2 in loans because moved
09:00:08  supervisor sam moves c4 to loans new place because claims is short of people
          noted: sam because claims is short of people
          requeued c4 in loans because moved
          parked c4 until 09:10:06
09:00:09  c1 completes
          closed c1 handled
          offered c2 -> ana because first in line
09:00:10  ana accepts c2
          engaged c2 with ana waited 7s
09:00:11  supervisor sam moves c2 to claims because too late for that
          refused CONTACT_STATE
09:00:12  supervisor sam moves c3 to lones because of a slip
          refused QUEUE_UNKNOWN
