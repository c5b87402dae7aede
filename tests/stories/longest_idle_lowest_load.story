# Lowest load first counts shares: two chats are less to an agent who can hold eight than one is to an agent with room for two.
09:00:00  routing longest_idle=lowest_load
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
# Ana 34 %, Ben 11 %.
09:00:06  contact c3 claims chat
          offered c3 -> ben
09:00:07  ben accepts c3
          engaged c3 with ben
# Ana 34 %, Ben 23 %.
09:00:08  contact c4 claims chat
          offered c4 -> ben
