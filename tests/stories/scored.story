# A score moves a waiting contact in its line at once, either way. Without [empathy] a moment of truth is routed as any other.
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact c0 claims
          offered c0 -> ana
09:00:01  ana accepts c0
          engaged c0 with ana
09:00:10  contact c1 claims
09:00:20  contact c2 claims
09:00:25  contact c3 claims  ahead=30s
09:00:30  c2 scores moment ahead=60s
          scored c2 moment of truth head start 60s
09:00:31  c3 scores routine
          scored c3 routine head start 0s
09:01:00  c0 completes
          closed c0 handled
          offered c2 -> ana
09:01:00  ana declines c2 no
          declined c2 by ana
          offered c1 -> ana
