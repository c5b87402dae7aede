# Where a queue accepts automatically, the contact is the agent's as soon as the desktop shows it, and not before.
09:00:00  queue claims  acceptance=automatic
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
          engaged c1 with ana waited 0s
09:00:06  agent ben  silent
09:00:10  contact c2 claims
          offered c2 -> ben
09:00:12  time
          rescinded c2 from ben because undelivered
09:00:20  contact c3 claims
          offered c3 -> ben
09:00:21  ben shows c3
          rings c3 at ben until 09:00:41
          engaged c3 with ben waited 1s
