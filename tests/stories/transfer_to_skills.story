# A transfer to skills stays in its queue and reaches whoever has them as well.
09:00:00  queue claims  needs=claims
09:00:00  agent ana  skills claims=50
09:00:00  agent ben  skills claims=50 fraud=40
09:00:00  agent cay  skills fraud=90
09:00:00  agent dan  skills claims=50 fraud=60
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  ana accepts c1
          engaged c1 with ana
09:01:00  c1 transfers to skills fraud>=60
          requeued c1 in claims because transferred
          offered c1 -> dan
