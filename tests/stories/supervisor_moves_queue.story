# Everything that waits goes to another queue in the order of its line; what the other does not take stays.
09:00:00  channels voice, chat
09:00:00  queue claims
09:00:00  queue loans channels=voice max_size=3
09:00:00  agent ben  offline
09:00:01  contact c1 claims
09:00:02  contact c2 claims chat
09:00:03  contact c3 claims
09:00:04  contact c4 claims
09:00:05  contact c5 claims
09:00:06  supervisor sam moves queue claims to loans new place because the claims system is down
          noted: sam because the claims system is down
          moving claims to loans
          requeued c1 in loans because moved
          requeued c3 in loans because moved
          requeued c4 in loans because moved
          moved claims to loans: 3, 2 stay
09:00:07  agent ana
          offered c2 -> ana because first in line
09:00:08  ana accepts c2
          engaged c2 with ana waited 6s
09:00:09  c2 completes
          closed c2 handled
          offered c5 -> ana because first in line
09:00:10  supervisor sam moves queue claims to claims because of a slip
          refused OUT_OF_RANGE
