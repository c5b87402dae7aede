# A customer who asked for Polish still gets Polish after a transfer to skills.
09:00:00  queue claims
09:00:00  agent ana  skills polish=90
09:00:00  agent ben  skills fraud=90
09:00:05  contact c1 claims  needs=polish>=50
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana
09:01:00  c1 transfers to skills fraud>=60
          requeued c1 in claims because transferred
          unreachable c1 because nobody has all of it
09:02:00  agent cay  skills fraud=60 polish=50
          reachable c1
          offered c1 -> cay
