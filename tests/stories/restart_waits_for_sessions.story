# After a restart whoever is back first does not get what a better agent, a second later, should have.
09:00:00  queue claims  offer_time=20s  prefer=claims>=80
09:00:00  agent ana  skills claims=90
09:00:00  agent ben  skills claims=10
09:00:00  agent cleo  skills claims=10  away
09:00:05  ana away break
09:00:05  ben away break
09:00:10  contact c1 claims
09:00:20  attuned back after 5s
