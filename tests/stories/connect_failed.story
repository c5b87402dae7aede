# Accepted, but agent and customer could not be connected: the contact is first in line again, where it was.
09:00:00  queue claims
09:00:00  agent ana
09:00:00  agent ben  offline
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  contact c2 claims
09:00:10  ana accepts c1
          engaged c1 with ana
09:00:11  ben cannot reach c1
          refused ENGAGEMENT_UNKNOWN
09:00:11  ana away headset
          presence of ana away headset once work ends
09:00:12  ana cannot reach c1
          requeued c1 in claims because connect failed
          presence of ana away headset because work ended
09:00:20  agent cay
          offered c1 -> cay
09:00:21  cay accepts c1
          engaged c1 with cay
09:01:00  agent dan
          offered c2 -> dan
