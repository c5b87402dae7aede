# Nobody overwrites a change to an agent that they have not seen.
09:00:00  queue claims  channels=voice needs=claims
09:00:00  agent ana  new skills claims=50
09:00:01  agent ana  new skills claims=60
          refused AGENT_EXISTS
09:00:02  agent ben  known offline
          refused AGENT_UNKNOWN
09:00:03  agent ana  put=1 skills claims=60
# Somebody else still has the first etag in hand.
09:00:04  agent ana  put=1 skills claims=70
          refused AGENT_CHANGED
09:00:05  agent ana  put=2 skills claims=70
# The same again changes nothing, so the etag stays good.
09:00:06  agent ana  skills claims=70
09:00:07  ana offline
          presence of ana offline
09:00:08  ana loses stream
          session of ana ended
09:00:09  ana deleted put=2
          refused AGENT_CHANGED
09:00:10  ana deleted put=3
