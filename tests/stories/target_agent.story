# A contact for one agent waits for that agent alone, however long, and keeps its place among the agent's contacts.
09:00:00  queue claims
09:00:00  agent ben
09:00:01  contact c0 claims
          offered c0 -> ben
09:00:01  ben accepts c0
          engaged c0 with ben
09:00:02  agent ana
09:00:10  contact c1 claims  target=ben
09:00:20  contact c2 claims  target=ben
09:05:00  c0 completes
          closed c0 handled
          offered c1 -> ben because target
09:05:01  ben accepts c1
          engaged c1 with ben
09:05:10  contact c3 claims  target=zoe
          refused AGENT_UNKNOWN
09:06:00  c1 completes
          closed c1 handled
          offered c2 -> ben because target
