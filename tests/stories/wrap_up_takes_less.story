# A note on a chat is written beside the next chat, where the queue says that wrap-up takes less than the chat did.
09:00:00  channels chat
09:00:00  queue claims  acceptance=automatic wrap_up=20s wrap_up_cost=10
09:00:00  agent ana
09:00:01  contact c1, c2 claims chat
          offered c1 -> ana
          engaged c1 with ana
          offered c2 -> ana
          engaged c2 with ana
09:00:10  contact c3, c4 claims chat
# 34 and 10: there is room for a third.
09:02:00  c1 completes
          wrap-up c1 at ana until 09:02:20
          offered c3 -> ana
          engaged c3 with ana
09:02:20  time
          wrapped up c1 at ana
          closed c1 handled
