# Ten minutes after its end nothing is kept of a contact but how it ended, and of an offer soon the same: for a day both
# answer for themselves, and the id is given to nobody else.
09:00:00  queue claims  offer_time=20s max_wait=60s
09:00:00  agent ana
09:00:05  contact c1 claims
          offered c1 -> ana because longest idle
09:00:25  time
          expired c1 at ana
          presence of ana away rona because rona
09:00:30  agent ben
          offered c1 -> ben because first in line
09:00:31  ben accepts c1
          engaged c1 with ben waited 26s
09:00:50  c1 completes
          closed c1 handled
09:01:00  ben away lunch
          presence of ben away lunch
12:00:00  why c1
          it is over
12:00:00  c1 completes
          refused CONTACT_CLOSED
12:00:00  contact c1 claims
          refused CONTACT_EXISTS
12:00:00  ana accepts c1
          refused OFFER_EXPIRED
33:02:00  why c1
          refused CONTACT_UNKNOWN
33:02:00  c1 completes
          refused CONTACT_UNKNOWN
33:02:00  ana accepts c1
          refused OFFER_UNKNOWN
33:02:00  contact c1 claims
