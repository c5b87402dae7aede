# The time to answer starts when the desktop shows the offer; nobody answers, the agent is set away, the contact goes on.
09:00:00  queue claims  offer_time=20s
09:00:00  agent ana  silent
09:00:00  agent ben  offline
09:00:05  contact c1 claims
          offered c1 -> ana
09:00:06.500  ana shows c1
          rings c1 at ana until 09:00:26.500
# Shown twice is shown once.
09:00:10  ana shows c1
09:00:20  ben connects
          session of ben new
09:00:20  ben available
          presence of ben available
09:00:26.500  time
          expired c1 at ana
          presence of ana away rona because rona
          offered c1 -> ben
# A moment too late: she learns that it was her time that ended, not that a colleague was faster.
09:00:26.500  ana accepts c1
          refused OFFER_EXPIRED
09:00:30  ben accepts c1
          engaged c1 with ben waited 25s
