# Voice interrupts email while it rings; the email stays the agent's and goes on when the call and its wrap-up are over.
09:00:00  channels voice, email
09:00:00  queue calls  channels=voice wrap_up=30s
09:00:00  queue mail   channels=email
09:00:00  agent ana
09:00:05  contact e1 mail email
          offered e1 -> ana
09:00:06  ana accepts e1
          engaged e1 with ana
09:01:00  contact v1 calls voice
          interrupted e1 at ana
          offered v1 -> ana
09:01:05  ana accepts v1
          engaged v1 with ana
# Email does not interrupt voice.
09:01:10  contact e2 mail email
09:02:00  v1 completes
          wrap-up v1 at ana until 09:02:30
09:02:30  time
          wrapped up v1 at ana
          closed v1 handled
          resumed e1 at ana
          offered e2 -> ana
09:02:31  ana accepts e2
          engaged e2 with ana
# A call that the agent declines gives both emails back at once.
09:03:00  contact v2 calls voice
          interrupted e2 at ana
          interrupted e1 at ana
          offered v2 -> ana
09:03:05  ana declines v2 headset broken
          declined v2 by ana
          resumed e1 at ana
          resumed e2 at ana
