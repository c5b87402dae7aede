# A parked contact keeps its place and rings nowhere, until it is released or the stated time is over.
09:00:00  queue claims
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06  contact c2 claims
# The customer is confirming something in the app.
09:00:10  c1 parks for 10m
          rescinded c1 from ana because contact left
          parked c1 until 09:10:10
          offered c2 -> ana
09:00:11  ana accepts c2
          engaged c2 with ana
09:00:12  contact c3 claims
09:01:00  c1 released
          released c1
09:02:00  c2 completes
          closed c2 handled
          offered c1 -> ana
09:02:05  c1 parks for 30s
          rescinded c1 from ana because contact left
          parked c1 until 09:02:35
          offered c3 -> ana
09:02:06  ana accepts c3
          engaged c3 with ana
09:02:35  time
          released c1
09:02:36  c1 released
          refused CONTACT_STATE
