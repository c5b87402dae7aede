# Nobody overwrites a document that they have not seen, and an earlier one can be put in force again.
09:00:00  queue claims  channels=voice
09:00:00  time
09:00:01  queue claims  channels=voice priority=10s
09:00:02  queue loans  etag=1
          refused VERSION_MISMATCH
09:00:03  queue loans  etag=2
09:00:04  contact c1 loans
          unreachable c1 because there are no agents
# What the first document does not know is in its way, as with any other.
09:00:05  document back to=1
          refused QUEUES_NOT_EMPTY
09:00:06  c1 abandons
          closed c1 abandoned
09:00:07  document back to=1
09:00:08  contact c2 loans
          refused QUEUE_UNKNOWN
09:00:09  document back to=9
          refused DOCUMENT_VERSION_UNKNOWN
