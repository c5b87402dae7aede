# Longest idle by time since becoming available: a break puts an agent behind those who stayed.
09:00:00  routing longest_idle=since_available
09:00:00  queue claims
09:00:00  agent ana
09:00:01  contact c1 claims
          offered c1 -> ana
09:00:01  ana accepts c1
          engaged c1 with ana
09:00:30  agent ben
09:03:10  ben away coffee
          presence of ben away coffee
09:03:30  ben available
          presence of ben available
09:04:00  c1 completes
          closed c1 handled
# Ana is available since 09:00:00, Ben since 09:03:30, though he has not had a contact at all.
09:05:00  contact c2 claims
          offered c2 -> ana
