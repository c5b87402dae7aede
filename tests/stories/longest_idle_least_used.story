# Under the default definition the agent with less capacity in use comes first, however long others have been idle.
09:00:00  channels chat
09:00:00  queue claims
09:00:00  agent ana  capacity 100
09:00:01  contact c1 claims chat
          offered c1 -> ana
09:00:02  ana accepts c1
          engaged c1 with ana
09:00:03  agent ben  capacity 300
09:00:04  contact c2 claims chat
          offered c2 -> ben
09:00:05  ben accepts c2
          engaged c2 with ben
09:00:10  c1 completes
          closed c1 handled
# Ana has nothing, though her last contact ended only just now; Ben has one chat.
09:00:11  contact c3 claims chat
          offered c3 -> ana
