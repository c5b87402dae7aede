# The more probable a moment of truth, the fewer empathetic agents need be idle for it to take one.
09:00:00  document
        | [empathy]
        | [reserve]
        | mode = "graded"
        | [queues.claims]
09:00:00  agent ea  skills empathy=80
09:00:00  agent eb  skills empathy=80
09:00:00  agent ec  skills empathy=80
09:00:00  agent odo
09:00:01  contact c3 claims grade=3
          offered c3 -> odo because longest idle
09:00:02  contact c4 claims grade=4
          offered c4 -> ea because longest idle
09:00:03  contact c5 claims grade=5
          offered c5 -> eb because longest idle
09:00:04  contact c6 claims grade=5
09:00:05  contact c7 claims grade=6
          offered c7 -> ec because longest idle
