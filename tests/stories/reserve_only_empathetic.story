# A skill that only empathetic agents have keeps nobody free: there would be nobody else to serve it.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | mode = "fixed"
        | [queues.claims]
09:00:00  agent pia  skills empathy=80 polish=50
09:00:00  agent odo
09:00:01  contact r1 claims needs=polish>=1
          offered r1 -> pia because longest idle
09:00:02  pia declines r1 no
          declined r1 by pia because no
09:00:03  agent ola  offline skills polish=50
09:00:05  contact r2 claims needs=polish>=1
