# What a contact asks for itself comes on top of what its queue asks, and may change while it waits.
09:00:00  queue claims  needs=claims>=50
09:00:00  agent ana  skills claims=70
09:00:00  agent ben  skills polish=90
09:00:05  contact c1 claims  needs=polish>=50
          unreachable c1 because nobody has all of it
09:00:10  agent cay  skills claims=50 polish=50
          reachable c1
          offered c1 -> cay
09:00:11  cay accepts c1
          engaged c1 with cay
09:00:20  contact c2 claims  needs=polish>=50
# The customer speaks English after all.
09:00:30  c2 needs claims>=60
          offered c2 -> ana
