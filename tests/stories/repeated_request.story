# A request repeated under its id is done once and answered as the first time; the id is not good for anything else.
09:00:00  queue claims
09:00:05  contact c1 claims  id=q1
          unreachable c1 because there are no agents
09:00:06  contact c1 claims  id=q1
          answered as before
09:00:07  contact c2 claims  id=q1
          refused REQUEST_REUSED
09:00:08  contact c1 claims  id=q2
          refused CONTACT_EXISTS
09:00:10  agent ana
          reachable c1
          offered c1 -> ana
09:00:11  ana accepts c1  id=q3
          engaged c1 with ana
# The answer was lost on the way, the desktop asks again.
09:00:13  ana accepts c1  id=q3
          answered as before
09:01:00  c1 completes  id=q4
          closed c1 handled
09:01:01  c1 completes  id=q4
          answered as before
# A refused request is not remembered: the id may be used again.
09:01:02  contact c3 claim  id=q5
          refused QUEUE_UNKNOWN
09:01:03  contact c3 claims  id=q5
          offered c3 -> ana
