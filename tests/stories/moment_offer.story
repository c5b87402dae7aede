# A moment may give the agent longer to answer than the queue does; what was given stays, whatever is heard then. One
# that asks less than the queue gives changes nothing.
09:00:00  document
        | [moments.bereavement]
        | triggers = [{ event = "bereavement" }]
        | offer_time = "45s"
        | [moments.short]
        | triggers = [{ event = "short" }]
        | offer_time = "5s"
09:00:00  queue claims  offer_time=20s extension=10s
09:00:00  agent ana  silent
09:00:00  agent ben  silent
09:00:10  contact c1 claims fact#1=bereavement
          scored c1 moment of truth head start 90s
          offered c1 -> ana because longest idle
09:00:10  c1 signals fact#1.1=-
          scored c1 routine head start 0s
09:00:11  ana shows c1
          rings c1 at ana until 09:00:56
09:00:13  ana extends c1 by 10s
          rings c1 at ana until 09:01:06
09:00:14  ana extends c1 by 1s
          refused EXTENSION_TOO_LONG
09:00:20  contact c2 claims fact=short
          scored c2 moment of truth head start 90s
          offered c2 -> ben because longest idle
09:00:21  ben shows c2
          rings c2 at ben until 09:00:41
