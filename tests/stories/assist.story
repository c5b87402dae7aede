# A customer who comes to feel worse at an agent's hands is told of, once, and again only after calming down.
09:00:00  document
        | [assist]
        | every = "2m"
09:00:00  queue claims
09:00:00  agent ana
# What a waiting customer feels is a matter of the place in line, and nobody is told.
09:00:00  contact c0 claims
          offered c0 -> ana because longest idle
09:00:00  c0 signals text#1=-100/100 text#2=-100/100
          scored c0 routine head start 40s
09:00:05  ana accepts c0
          engaged c0 with ana waited 5s
# A calmer word at her hands tells nothing; another bad one does.
09:00:10  c0 signals text#3=-20/20
          scored c0 routine head start 37s
09:00:20  c0 signals text#4=-100/100
          scored c0 routine head start 43s
          assist ana with c0 because distress 71 by text
# However bad it becomes, nothing is said twice while it has not settled.
09:00:30  c0 signals text#5=-100/100
          scored c0 routine head start 46s
09:03:00  c0 signals voice#6=-100/100
          scored c0 routine head start 40s
# Forty minutes later all of it has faded, and begins anew.
09:43:00  c0 signals text#7=-100/100
          scored c0 routine head start 49s
          assist ana with c0 because distress 82 by text
# Taken back it has settled as well. It may be said again, but not so soon.
09:43:10  c0 signals text#4.1=- text#5.1=- voice#6.1=- text#7.1=-
          scored c0 routine head start 0s
09:43:20  c0 signals text#8=-100/100
          scored c0 routine head start 43s
09:45:00  c0 signals text#9=-100/100
          scored c0 routine head start 46s
          assist ana with c0 because distress 78 by text
