# A moment of truth waits and nobody empathetic is signed in: supervisors are told, once, and somebody else takes it.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 1
        | [queues.claims]
        | service_level = "60s"
        | require = { all = ["claims"] }
09:00:00  agent eva  offline skills empathy=80 claims=80
09:00:00  agent ada  skills empathy=80
09:00:00  agent ola  skills claims=80
09:00:01  contact m1 claims moment hold=10s
          nobody empathetic for m1
09:00:11  time
          hold of m1 over
          offered m1 -> ola because longest idle
09:00:11  ola accepts m1
          engaged m1 with ola waited 10s
# One who is signed in is somebody to wait for, though she is busy.
09:00:20  agent eli  skills empathy=80 claims=80
09:00:21  contact m2 claims moment
          offered m2 -> eli because longest idle
09:00:21  eli accepts m2
          engaged m2 with eli waited 0s
09:00:22  contact m3 claims moment
