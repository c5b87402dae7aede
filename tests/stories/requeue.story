# The platform takes a contact back from its agent: no wrap-up, no blame; it stands where it stood, or last.
09:00:00  queue claims  wrap_up=30s
09:00:00  queue loans   needs=loans
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana
09:00:10  contact c2 claims
09:01:00  c1 requeues
          requeued c1 in claims because asked
          offered c1 -> ana
09:01:05  c1 requeues new place
          rescinded c1 from ana because contact left
          requeued c1 in claims because asked
          offered c2 -> ana
09:01:06  c2 requeues in loans
          rescinded c2 from ana because contact left
          requeued c2 in loans because asked
          offered c1 -> ana
          unreachable c2 because nobody has loans
09:01:07  ana accepts c1
          engaged c1 with ana
