# Who does not come back is offline: chats go back to their place, the call stays and is marked until somebody confirms it.
09:00:00  routing session_grace=60s
09:00:00  channel voice  cost=66 on_agent_lost=keep
09:00:00  channel chat   cost=34
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact v1 claims voice
          offered v1 -> ana
09:00:02  ana accepts v1
          engaged v1 with ana
09:00:03  contact c1 claims chat
          offered c1 -> ana
09:00:04  ana accepts c1
          engaged c1 with ana
09:00:10  ana loses stream
          session of ana lost
09:00:11  agent ben  limits chat=1
09:00:12  contact c2 claims chat
          offered c2 -> ben
09:00:13  ben accepts c2
          engaged c2 with ben
09:00:14  contact c3 claims chat
09:01:10  time
          unconfirmed v1 with ana
          requeued c1 in claims because agent lost
          presence of ana offline because session lost
          session of ana ended
# c1 stands before c3 again.
09:02:00  c2 completes
          closed c2 handled
          offered c1 -> ben
09:02:01  ben accepts c1
          engaged c1 with ben
09:03:00  ana connects as ana-2
          session of ana new
          confirmed v1 with ana
09:03:05  ana available
          presence of ana available
          offered c3 -> ana
09:03:06  ana accepts c3
          engaged c3 with ana
09:05:00  v1 completes
          closed v1 handled
