# A pulled contact is offered to its agent next, before everything else and whatever it requires.
09:00:00  queue claims needs=claims
09:00:00  queue loans
09:00:00  agent ana  skills claims=50
09:00:01  contact c1 claims
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:03  contact c2 claims
09:00:04  contact c3 loans
09:00:05  agent ben  offline
09:00:06  supervisor sam pulls c3 to ben because he knows her
          refused NO_SESSION
09:00:07  supervisor sam pulls c3 to ana for 5m because she knows her
          noted: sam because she knows her
          pulled c3 to ana until 09:05:07
09:00:08  c1 completes
          closed c1 handled
          offered c3 -> ana because pulled
09:00:09  ana accepts c3
          engaged c3 with ana waited 5s
09:00:10  c3 completes
          closed c3 handled
          offered c2 -> ana because first in line
# What she declined comes back to her by the supervisor's word.
09:00:11  ana declines c2 not mine
          declined c2 by ana because not mine
09:00:12  supervisor sam pulls c2 to ana for 1m because there is nobody else
          noted: sam because there is nobody else
          pulled c2 to ana until 09:01:12
          offered c2 -> ana because pulled
# The reservation ends with its window.
09:00:13  contact c4 claims exclude=ana
          unreachable c4 because everybody is excluded
09:00:14  supervisor sam pulls c4 to ana because there is nobody else
          refused AGENT_EXCLUDED
09:00:15  ana accepts c2
          engaged c2 with ana waited 12s
09:00:16  contact c5 claims
09:00:17  supervisor sam pulls c5 to ana for 10s because she knows him
          noted: sam because she knows him
          pulled c5 to ana until 09:00:27
09:00:20  agent cay  skills claims=50
          reachable c4
          offered c4 -> cay because first in line
09:00:27  time
          anyone may take c5
