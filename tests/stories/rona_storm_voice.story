# Eight telephones are silent at once: who was set away before that was known for a stalled gateway is called back.
09:00:00  queue claims
09:00:00  agent ana, ben, cay, dan, eve, fay, gus, hal
09:00:05  contact c1, c2, c3, c4, c5, c6, c7, c8 claims
          offered c1 -> ana because longest idle
          offered c2 -> ben because longest idle
          offered c3 -> cay because longest idle
          offered c4 -> dan because longest idle
          offered c5 -> eve because longest idle
          offered c6 -> fay because longest idle
          offered c7 -> gus because longest idle
          offered c8 -> hal because longest idle
09:00:25  time
          expired c1 at ana
          presence of ana away rona because rona
          expired c2 at ben
          presence of ben away rona because rona
          expired c3 at cay
          presence of cay away rona because rona
          expired c4 at dan
          presence of dan away rona because rona
          expired c5 at eve
          presence of eve away rona because rona
          expired c6 at fay
          presence of fay away rona because rona
          expired c7 at gus
          presence of gus away rona because rona
          rona suspended until 09:01:25
          presence of ana available because rona withdrawn
          presence of ben available because rona withdrawn
          presence of cay available because rona withdrawn
          presence of dan available because rona withdrawn
          presence of eve available because rona withdrawn
          presence of fay available because rona withdrawn
          presence of gus available because rona withdrawn
          expired c8 at hal
          offered c1 -> ben because longest idle
          offered c2 -> ana because longest idle
          offered c3 -> dan because longest idle
          offered c4 -> cay because longest idle
          offered c5 -> fay because longest idle
          offered c6 -> eve because longest idle
          offered c7 -> hal because longest idle
          offered c8 -> gus because longest idle
