# Where the document learns it, what was found stands before the agent's record, which stays as it is and says so; a record
# that is fixed stands, and so does every record in a document that does not learn.
09:00:00  document
        | [empathy]
        | [learning]
        | empathy = true
        | [queues.calm]
        | require = { all = ["empathy>=70"] }
09:00:00  agent eva  skills empathy=50
09:00:00  agent odo  skills empathy=80 fixed
09:00:01  odo away lunch
          presence of odo away lunch
09:00:02  contact c1 calm
09:00:03  why eva c1
          eva cannot take c1: needs empathy>=70, has 50
09:00:04  empathy eva 60
          empathy of eva is 60
09:00:05  why eva c1
          eva cannot take c1: needs empathy>=70, has 60 (learnt; 50 in the record)
09:00:06  empathy eva 70
          empathy of eva is 70
          offered c1 -> eva because first in line
09:00:07  eva accepts c1
          engaged c1 with eva waited 5s
09:00:08  c1 completes
          closed c1 handled
09:00:09  empathy odo 70
          refused OUT_OF_RANGE
09:00:10  agent odo skills empathy=80
09:00:11  empathy odo 60
          empathy of odo is 60
09:00:12  odo available
          presence of odo available
09:00:13  eva away lunch
          presence of eva away lunch
09:00:14  contact c2 calm
09:00:15  why odo c2
          odo cannot take c2: needs empathy>=70, has 60 (learnt; 80 in the record)
09:00:16  agent odo skills empathy=80 fixed
          offered c2 -> odo because first in line
09:00:17  odo accepts c2
          engaged c2 with odo waited 3s
09:00:18  c2 completes
          closed c2 handled
09:00:19  eva available
          presence of eva available
09:00:20  document
        | [empathy]
        | [queues.calm]
        | require = { all = ["empathy>=70"] }
09:00:21  odo away lunch
          presence of odo away lunch
09:00:22  contact c3 calm
09:00:23  why eva c3
          eva cannot take c3: needs empathy>=70, has 50
09:00:24  empathy eva 70
          refused OUT_OF_RANGE
