# An excluded agent never gets the contact, even when nobody else is there.
09:00:00  queue claims
09:00:00  agent ana
09:00:10  contact c1 claims  exclude=ana
          unreachable c1 because everybody is excluded
09:00:20  contact c2 claims
          offered c2 -> ana
09:00:21  ana accepts c2
          engaged c2 with ana
09:00:30  agent ben
          reachable c1
          offered c1 -> ben
