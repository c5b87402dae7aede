# A full queue refuses one more, or sends it to the queue that its document names; a contact who rings still waits.
09:00:00  queue claims   needs=claims  max_size=2
09:00:00  queue cards    needs=cards   max_size=1 overflow=general
09:00:00  queue general
09:00:00  agent ana  skills claims=50
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  contact c2 claims
09:00:07  contact c3 claims
          refused QUEUE_FULL
09:00:08  ana accepts c1
          engaged c1 with ana
09:00:09  contact c3 claims
09:00:10  contact k1 cards
          unreachable k1 because nobody has cards
09:00:11  contact k2 cards
          queued k2 in general
# A contact that waits in a full queue already takes no more room by starting again there.
09:00:12  c2 requeues in claims new place
          requeued c2 in claims because asked
