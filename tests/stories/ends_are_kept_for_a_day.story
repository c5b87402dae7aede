# Ten minutes after its end nothing is kept of a contact but how it ended, and of an offer soon the same: for a day both
# answer for themselves, and the id is given to nobody else.
09:00:00  queue claims  offer_time=20s
09:00:00  agent ana
09:00:00  agent ben
09:00:05  contact c1 claims
09:00:06  contact c2 claims
09:00:10  ana declines c1 not mine
09:00:11  ben accepts c2
09:00:12  c1 cancelled
09:00:20  c2 completes
09:00:20  ana away lunch
09:00:20  ben away lunch
12:00:00  why c2
12:00:00  c2 completes
12:00:00  contact c2 claims
12:00:00  ana accepts c1
33:02:00  why c2
33:02:00  c2 completes
33:02:00  contact c2 claims
