# What cannot be done is refused by name, and nothing comes of it.
09:00:00  channels voice, chat
09:00:00  queue claims  channels=voice needs=claims
09:00:00  agent ana  offline
09:00:01  ana available
          refused NO_SESSION
09:00:02  contact c1 clams
          refused QUEUE_UNKNOWN
09:00:03  contact c1 claims fax
          refused CHANNEL_UNKNOWN
09:00:04  contact c1 claims chat
          refused CHANNEL_NOT_TAKEN
09:00:06  contact c1 claims exclude=zoe
          refused AGENT_UNKNOWN
09:00:07  contact c1 claims
          unreachable c1 because nobody has claims
09:00:08  agent ben  skills claims=50
          reachable c1
          offered c1 -> ben
09:00:09  ben accepts c1
          engaged c1 with ben
09:00:10  ben deleted
          refused AGENT_BUSY
09:00:11  agent ben  skills claims=50 capacity 50
          refused OUT_OF_RANGE
09:00:12  c1 parks for 1m
          refused CONTACT_STATE
