# No document takes away the queue or the channel of a contact that is still there.
09:00:00  channels voice, chat
09:00:00  queue claims
09:00:00  queue loans
09:00:10  contact c1 loans voice
          unreachable c1 because there are no agents
09:00:20  drop queue loans
          refused QUEUES_NOT_EMPTY
09:00:21  queue loans
09:00:30  drop channel voice
          refused CHANNELS_IN_USE
09:00:31  channels voice
09:00:40  c1 abandons
          closed c1 abandoned
09:00:50  drop queue loans
09:00:51  contact c2 loans voice
          refused QUEUE_UNKNOWN
