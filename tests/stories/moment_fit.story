# Moments of truth go to empathetic agents first, routine contacts to others first; longest idle counts among those who
# fit equally well.
09:00:00  document
        | [empathy]
        | level = 70
        | [reserve]
        | mode = "off"
        | [queues.claims]
09:00:00  agent eva  skills empathy=80
09:00:01  agent ola  skills empathy=60
09:00:02  agent eli  skills empathy=95
09:00:03  agent odo
09:01:00  contact r1 claims
          offered r1 -> ola because longest idle
09:01:01  contact m1 claims moment
          offered m1 -> eva because longest idle
# This one needs more than most have.
09:01:02  contact m2 claims moment empathy=90
          offered m2 -> eli because longest idle
09:01:03  contact m3 claims moment
          offered m3 -> odo because longest idle
09:01:04  contact r2 claims
09:01:05  ola declines r1 no
          declined r1 by ola because no
          offered r2 -> ola because first in line
