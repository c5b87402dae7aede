# A channel that can wait is not held: its moments of truth prefer empathetic agents and take whoever is there.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
09:00:00  channels email
09:00:00  skills empathy
09:00:00  agent odo
09:00:01  contact m1 claims email moment
          offered m1 -> odo because longest idle
