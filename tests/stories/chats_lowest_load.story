# Several contacts at once: the least loaded agent first, never beyond capacity, never beyond the limit of the channel.
09:00:00  channels sms
09:00:00  queue claims  acceptance=automatic
09:00:00  agent ana  limits sms=2
09:00:00  agent ben
09:00:01  contact s1 claims sms
          offered s1 -> ana
          engaged s1 with ana
09:00:02  contact s2 claims sms
          offered s2 -> ben
          engaged s2 with ben
09:00:03  contact s3 claims sms
          offered s3 -> ana
          engaged s3 with ana
09:00:04  contact s4, s5, s6 claims sms
          offered s4 -> ben
          engaged s4 with ben
          offered s5 -> ben
          engaged s5 with ben
          offered s6 -> ben
          engaged s6 with ben
# Ana has her two, Ben his four.
09:00:05  contact s7 claims sms
09:01:00  s4 completes
          closed s4 handled
          offered s7 -> ben
          engaged s7 with ben
09:01:10  s1 completes
          closed s1 handled
09:01:11  contact s8 claims sms
          offered s8 -> ana
          engaged s8 with ana
