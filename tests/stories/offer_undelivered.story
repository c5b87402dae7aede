# An offer that no desktop shows within 2 s goes to somebody else, and the agent is not blamed for it.
09:00:00  queue claims
09:00:00  agent ana  silent
09:00:05  agent ben
09:00:10  contact c1 claims
          offered c1 -> ana
09:00:12  time
          rescinded c1 from ana because undelivered
          offered c1 -> ben
09:00:13  ana shows c1
          refused OFFER_RESCINDED
09:00:14  ben accepts c1
          engaged c1 with ben
# Ana is still there, and gets the next one.
09:00:15  contact c2 claims
          offered c2 -> ana
09:00:16  ana shows c2
          rings c2 at ana until 09:00:36
09:00:17  ana accepts c2
          engaged c2 with ana
