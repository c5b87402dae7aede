# A supervisor sends agents away, at once or when their work is done, and signs them out.
09:00:00  queue claims
09:00:00  agent ana, ben, cay
09:00:01  contact c1 claims
          offered c1 -> ana because longest idle
09:00:02  ana accepts c1
          engaged c1 with ana waited 1s
09:00:03  contact c2 claims
          offered c2 -> ben because longest idle
09:00:04  supervisor sam sets ben meeting because of the fire drill
          noted: sam because of the fire drill
          presence of ben away meeting because supervised
          rescinded c2 from ben because agent left
          offered c2 -> cay because longest idle
09:00:05  supervisor sam sets ana meeting after work because of the fire drill
          noted: sam because of the fire drill
          presence of ana away meeting once work ends
09:00:06  c1 completes
          presence of ana away meeting because work ended
          closed c1 handled
09:00:07  cay accepts c2
          engaged c2 with cay waited 4s
09:00:08  supervisor sam sets cay meeting because of the fire drill
          noted: sam because of the fire drill
          presence of cay away meeting because supervised
09:00:09  supervisor sam sets cay offline because the desk is on fire
          noted: sam because the desk is on fire
          unconfirmed c2 with cay
          presence of cay offline because supervised
          session of cay ended
09:00:10  supervisor sam sets cay available because of a slip
          refused NO_SESSION
09:00:11  supervisor sam sets ben available because the drill is over
          noted: sam because the drill is over
          presence of ben available because supervised
