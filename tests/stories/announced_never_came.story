# An announced contact that does not come is forgotten 30 s after its time; nobody waited for it.
09:00:00  queue claims
09:00:00  c1 announced for 09:05:00
09:00:01  c1 announced for 09:06:00
          refused CONTACT_EXISTS
09:00:01  c2 announced for 10:00:02
          refused OUT_OF_RANGE
09:05:30  time
          closed c1 never came
09:05:40  contact c1 claims
          refused CONTACT_EXISTS
# Ids of closed contacts are free again after a day.
09:15:40  contact c1 claims
          refused CONTACT_EXISTS
33:05:40  contact c1 claims
          refused CONTACT_EXISTS
33:07:00  contact c1 claims
          unreachable c1 because there are no agents
