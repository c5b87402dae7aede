# Calls do not starve among chats: after the queue's patience one agent gets nothing else until the call fits.
09:00:00  channels voice, chat
09:00:00  queue claims  acceptance=automatic drain_after=30s
09:00:00  agent ana
09:00:01  contact c1, c2 claims chat
          offered c1 -> ana
          engaged c1 with ana
          offered c2 -> ana
          engaged c2 with ana
09:00:10  contact v1 claims voice
09:00:20  contact c3, c4 claims chat
# A chat ends, a chat takes its place: the call is passed.
09:00:30  c1 completes
          closed c1 handled
          offered c3 -> ana
          engaged c3 with ana
09:00:40  time
          draining ana for v1
09:00:50  c2 completes
          closed c2 handled
09:01:00  c3 completes
          closed c3 handled
          offered v1 -> ana
          engaged v1 with ana
09:05:00  v1 completes
          closed v1 handled
          offered c4 -> ana
          engaged c4 with ana
