# Why her, why not me: the order of tiers and idleness, and whatever else stood in the way.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards"] }
        | prefer = [{ all = ["cards>=80"] }]
09:00:00  agent ana  skills cards=90
09:00:01  agent ben  skills cards=50
09:00:02  agent cay  skills cards=85
09:00:03  agent dan  skills loans=90
09:00:10  contact c1 cards
          offered c1 -> ana because longest idle
09:00:11  why c1
          ana was the longest idle of the free agents who fit best (tier 0, 0 in use); cay would have been next (of 4 agents, by document version 1)
09:00:12  why ben c1
          ana was the longest idle of the free agents who fit best (tier 0, 0 in use); cay would have been next (of 4 agents, by document version 1); ben was runner-up 2
09:00:12  why cay c1
          ana was the longest idle of the free agents who fit best (tier 0, 0 in use); cay would have been next (of 4 agents, by document version 1); cay was runner-up 1
09:00:12  why dan c1
          dan cannot take c1: needs cards, does not have it
09:00:13  ana accepts c1
          engaged c1 with ana waited 3s
09:00:14  why c1
          ana was the longest idle of the free agents who fit best (tier 0, 0 in use); cay would have been next (of 4 agents, by document version 1)
09:00:15  why ana c1
          ana has it or still wraps it up
09:00:15  why ana
          nothing waits that ana may take
09:00:16  why dan
          nothing waits that dan may take
# Everybody is busy: the next one waits, and each is told why.
09:00:20  contact c2 cards
          offered c2 -> cay because longest idle
09:00:21  cay accepts c2
          engaged c2 with cay waited 1s
09:00:22  contact c3 cards
          offered c3 -> ben because longest idle
09:00:23  ben declines c3 busy
          declined c3 by ben because busy
09:00:24  why c3
          1 agent with room could take it, but each refused it lately or is at it already
09:00:25  why ana c3
          ana could take c3, but not now: has 0 of capacity free, 100 is needed
09:00:25  why ben c3
          ben could take c3, but not now: refused it or could not be reached a moment ago
09:00:26  ana away lunch
          presence of ana away lunch once work ends
09:00:27  why ana c3
          ana could take c3, but not now: leaves once the present work ends; has 0 of capacity free, 100 is needed
