# After ten minutes a colleague who does not speak the customer's language takes the contact, where the queue says so.
09:00:00  document
        | [queues.general]
        | [[queues.general.steps]]
        | after = "10m"
        | own = "waived"
09:00:00  skills polish
09:00:00  agent ana
09:00:10  contact c1 general  needs=polish>=50
09:10:10  time
          step 1 of c1
          offered c1 -> ana
