# All, any, none and at least so many: an agent is asked only if every part of the requirement holds.
09:00:00  document
        | [queues.cards]
        | require = { all = ["cards>=40"], any = ["polish", "german>=50"], none = ["trainee"] }
        | [queues.advice]
        | require = { at_least = { count = 2, of = ["cards>=60", "loans>=60", "payments>=60"] } }
# One proficiency too few, no language, not enough German, still in training; and Fay has it all.
09:00:00  agent ben  skills cards=39 polish=90
09:00:00  agent cay  skills cards=90
09:00:00  agent dan  skills cards=90 german=49
09:00:00  agent eve  skills cards=90 german=50 trainee=1
09:00:00  agent fay  skills cards=40 polish=1
09:00:10  contact c1 cards
          offered c1 -> fay
09:00:11  fay accepts c1
          engaged c1 with fay
09:00:12  contact c2 cards
# Her training is over.
09:00:20  agent eve  skills cards=90 german=50
          offered c2 -> eve
09:00:21  eve accepts c2
          engaged c2 with eve
# One of three is not enough, two are.
09:00:30  agent gus  skills cards=60 loans=59 payments=59
09:00:30  agent hal  skills loans=60 payments=60
09:00:40  contact c3 advice
          offered c3 -> hal
09:00:41  hal accepts c3
          engaged c3 with hal
09:00:42  contact c4 advice
