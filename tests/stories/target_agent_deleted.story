# Nobody can wait for an agent who is deleted: such contacts are free for anyone, parked ones once released.
09:00:00  queue claims
09:00:00  agent ana
09:00:00  agent ben  offline
09:00:10  contact c1 claims  target=ben
09:00:11  contact c2 claims  target=ben
09:00:12  c2 parks for 10m
          parked c2 until 09:10:12
09:00:20  ben deleted
          anyone may take c1
          offered c1 -> ana
09:00:21  ana accepts c1
          engaged c1 with ana
09:00:22  c1 completes
          closed c1 handled
09:00:30  c2 released
          released c2
          offered c2 -> ana
