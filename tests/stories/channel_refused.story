# A limit of nothing keeps a channel away from an agent who could hold it.
09:00:00  channels voice, chat
09:00:00  queue claims
09:00:00  agent ana  limits voice=0
09:00:05  contact v1 claims voice
          unreachable v1 because nobody ever has room
09:00:06  contact c1 claims chat
          offered c1 -> ana
