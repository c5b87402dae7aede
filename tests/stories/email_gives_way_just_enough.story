# Only as much email is set aside as the new contact needs, the latest first; email never interrupts email.
09:00:00  channels chat, email
09:00:00  queue chats  channels=chat  acceptance=automatic
09:00:00  queue mail   channels=email  acceptance=automatic
09:00:00  agent ana
09:00:01  contact e1, e2, e3, e4 mail email
          offered e1 -> ana
          engaged e1 with ana
          offered e2 -> ana
          engaged e2 with ana
          offered e3 -> ana
          engaged e3 with ana
          offered e4 -> ana
          engaged e4 with ana
# 80 of 100 in use; a chat takes 34.
09:01:00  contact c1 chats chat
          interrupted e4 at ana
          offered c1 -> ana
          engaged c1 with ana
09:01:10  contact e5 mail email
09:02:00  c1 completes
          closed c1 handled
          resumed e4 at ana
          offered e5 -> ana
          engaged e5 with ana
