# Who writes angrily again and again is not first for ever: words give a customer only so much within a day. Facts count
# all the same, and so does whoever names a danger.
09:00:00  document
        | [head_start]
        | budget = "100s"
        | repeats = { max = "0s" }
        | [moments.late]
        | triggers = [{ event = "flight_cancelled" }]
        | head_start = "60s"
        | [queues.claims]
09:00:00  agent ana
09:00:00  contact c0 claims
          offered c0 -> ana because longest idle
09:00:00  ana accepts c0
          engaged c0 with ana waited 0s
09:00:10  contact c1 claims customer=kim text#1=-90/90,u80
          scored c1 routine head start 73s
09:00:11  c1 abandons
          closed c1 abandoned
09:10:00  contact c2 claims customer=kim text#1=-90/90,u80
          scored c2 routine head start 27s
09:10:00  why c2
          1 agent could take it, all are busy; it is 1st in claims; 27s of head start from emotion by text until 09:11:55Z, 46s more withheld, since the customer's words and voice had their share of the day
09:10:10  c2 signals fact=flight_cancelled
          scored c2 moment of truth head start 87s
09:10:20  contact c3 claims customer=lee text#1=-90/90,u80
          scored c3 routine head start 73s
09:10:30  contact c4 claims customer=kim text#1=-90/90,u80
          scored c4 moment of truth head start 0s
09:10:40  contact c5 claims customer=kim text#1=-90/90,u80,gas_leak
          scored c5 moment of truth head start 73s
