# The reserve counts for every skill of the agent who would be taken: with two idle who speak Polish one may go, of two
# who know cards but speak it not, neither.
09:00:00  document
        | [empathy]
        | [reserve]
        | k = 0
        | mode = "fixed"
        | k_by_skill = { polish = 1, cards = 2 }
        | [queues.claims]
09:00:00  agent pia  skills empathy=80 polish=50
09:00:00  agent pat  skills empathy=80 polish=50
09:00:00  agent cay  skills empathy=80 cards=50
09:00:00  agent cem  skills empathy=80 cards=50
09:00:00  agent odo  skills polish=50 cards=50
09:00:00  agent oto
09:00:01  contact r1 claims needs=polish>=1
          offered r1 -> odo because longest idle
09:00:02  contact r2 claims needs=polish>=1
          offered r2 -> pia because longest idle
09:00:03  contact r3 claims needs=polish>=1
09:00:04  contact r4 claims needs=cards>=1
# What is computed elsewhere comes as a setting.
09:00:05  reserve 1 of cards
          1 kept free of cards
          offered r4 -> cay because first in line
09:00:06  reserve default of cards
          as many kept free of cards as the document says
09:00:07  reserve 0 of polish
          0 kept free of polish
          offered r3 -> pat because first in line
