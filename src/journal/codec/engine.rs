//! What the engine hears and says, field by field.

use crate::{
    engine::{
        Command, Distress, Event, HoldRules, Phase, Proposal, Reject, Reply, Request,
        command::Destination,
        event::{
            Choice, ChoiceRule, EngagementOver, Met, MetCondition, Place, PresenceBecause, Queued, Requeued, Rescinded,
            RunnerUp, Target, TargetBy, Unmet,
        },
        reject::{MoveFault, MoveProblem},
    },
    scoring::{self, Cause, Contribution, Scored, Taken},
};

use super::wire::{Broken, Kept, Out, Reader, choice, found, plain, put_fields, put_number, put_unless_empty, record};

plain! {
    TargetBy { 1: Platform, 2: Supervisor }
    ChoiceRule { 1: LongestIdle, 2: FirstInLine, 3: Target, 4: Pulled }
    PresenceBecause { 1: Asked, 2: WorkEnded, 3: Rona, 4: RonaWithdrawn, 5: SessionLost, 6: Supervised }
    Requeued {
        1: Asked, 2: Transferred, 3: Overflowed, 4: Escalated, 5: ConnectFailed, 6: AgentLost, 7: Moved,
    }
    Rescinded { 1: Taken, 2: ContactLeft, 3: Undelivered, 4: SessionLost, 5: AgentLeft }
    EngagementOver {
        1: Completed, 2: Transferred, 3: Requeued, 4: ConnectFailed, 5: AgentLost, 6: WrappedUp,
    }
    Phase { 1: First, 2: Released, 3: Last }
    Taken { 1: New, 2: Revised, 3: Known, 4: Late, 5: Full, 6: SwitchedOff }
}

record! {
    Request { 1: id, 2: command }
    HoldRules { 1: sessions_percent, 2: longest }
    Proposal { 1: document, 2: expected, 3: moves, 4: origin }
    Place { 1: virtual_arrival, 2: sequence }
    Queued {
        1: id, 2: queue, 3: channel, 4: place, 5: arrived_at, 6: requirement, 7: care, 8: dynamic, 9: target,
        10: excluded, 11: details, 12: trace,
    }
    Target { 1: agent, 2: until, 3: by }
    Choice {
        1: rule, 2: tier, 3: step, 4: load, 5: idle_since, 6: document, 7: examined, 8: agents, 9: met, 10: runners_up,
    }
    Met { 1: condition, 2: agents }
    RunnerUp { 1: agent, 2: tier, 3: load, 4: idle_since }
    Scored {
        1: score, 2: is_moment, 3: empathy, 4: hold, 5: contributions, 6: next_at, 7: skills, 8: offer_time, 9: moments,
        10: budgeted, 11: withheld,
    }
    scoring::Met { 1: name, 2: since, 3: handling }
    Distress { 1: level, 2: source }
    Contribution { 1: cause, 2: source, 3: strength, 4: seconds, 5: until }
    MoveFault { 1: from, 2: to, 3: problem }
}

choice! {
    Cause { 1: Emotion {}, 2: Urgency {}, 3: Repeats {}, 4: Reach {}, 5: Value {}, 6: Effort {}; 7: Moment }
}
choice! {
    Unmet { 1: Agents {}, 2: Together {}, 3: Room {}, 4: Excluded {}, 5: Target {}; 6: Condition }
}
choice! {
    Destination { ; 1: Queue, 2: Agent, 3: Skills }
}

/// Two numbers each, so they go as pairs.
impl Kept for MetCondition {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        put_fields(number, to, |to| match self {
            Self::Skill(skill, level) => (*skill, *level).put_field(1, to),
            Self::NotSkill(skill, level) => (*skill, *level).put_field(2, to),
            Self::Member(queue) => queue.put_field(3, to),
        });
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let (number, kind) = fields.tag()?.ok_or(Broken::Missing("condition"))?;
        let (mut pair, mut queue) = (None, None);
        match number {
            1 | 2 => Kept::take_field(&mut pair, kind, &mut fields)?,
            3 => Kept::take_field(&mut queue, kind, &mut fields)?,
            other => return Err(Broken::Unknown { of: "condition", number: other.into() }),
        }
        *slot = match (number, pair, queue) {
            (1, Some((skill, level)), _) => Some(Self::Skill(skill, level)),
            (2, Some((skill, level)), _) => Some(Self::NotSkill(skill, level)),
            (_, _, queue) => queue.map(Self::Member),
        };
        Ok(())
    }
}

/// What became of one of many: a revision, or a refusal.
impl Kept for Result<u64, Reject> {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        put_fields(number, to, |to| match self {
            Ok(revision) => revision.put_field(1, to),
            Err(reject) => reject.put_field(2, to),
        });
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let (mut revision, mut reject) = (None, None);
        while let Some((number, kind)) = fields.tag()? {
            match number {
                1 => Kept::take_field(&mut revision, kind, &mut fields)?,
                2 => Kept::take_field(&mut reject, kind, &mut fields)?,
                _ => fields.skip(kind)?,
            }
        }
        *slot = Some(match reject {
            Some(reject) => Err(reject),
            None => Ok(found(revision, "revision")?),
        });
        Ok(())
    }
}

choice! {
    Reply {
        1: Done {},
        2: Queued { 1: queue, 2: virtual_arrival },
        3: Session { 1: resumed },
        4: OfferOpen { 1: expires_at },
        5: Engaged { 1: contact, 2: channel },
        6: WrapUp { 1: until },
        7: Presence { 1: pending },
        8: Agent { 1: revision },
        9: Moving { 1: waiting },
        10: Document { 1: etag };
        11: Agents,
        12: Signals,
    }
}

choice! {
    Command {
        1: Tick {},
        2: Sweep {},
        3: PutAgent { 1: agent, 2: profile, 3: expected },
        4: PutAgents { 1: rows },
        5: DeleteAgent { 1: agent, 2: expected },
        6: OpenSession { 1: agent, 2: session, 3: connection },
        7: LoseSession { 1: agent, 2: connection },
        8: SetPresence { 1: agent, 2: presence },
        9: AnnounceContact { 1: contact, 2: expected_at, 3: announced, 4: details, 5: source },
        10: UpdateContact { 1: contact, 2: details, 3: requirement },
        11: ScoreContact { 1: contact, 2: dynamic, 3: care },
        12: Signal { 1: contact, 2: signals },
        13: ParkContact { 1: contact, 2: longest },
        14: ReleaseContact { 1: contact },
        15: RequeueContact { 1: contact, 2: queue, 3: place },
        16: TransferContact { 1: contact, 2: to, 3: place },
        17: CompleteContact { 1: contact },
        18: CancelContact { 1: contact, 2: reason },
        19: AckOffer { 1: agent, 2: offer },
        20: AcceptOffer { 1: agent, 2: offer },
        21: DeclineOffer { 1: agent, 2: offer, 3: reason },
        22: ExtendOffer { 1: agent, 2: offer, 3: by },
        23: ReportConnectFailed { 1: agent, 2: contact, 3: reason },
        24: ExtendWrapUp { 1: agent, 2: contact, 3: by },
        25: EndWrapUp { 1: agent, 2: contact },
        26: SetReserve { 1: skill, 2: k },
        30: Resume { 1: since, 2: hold },
        31: LearnAcceptance { 1: queue, 2: channel, 3: usual },
        32: LearnShowRate { 1: source, 2: thousandths },
        33: LearnEmpathy { 1: agent, 2: level },
        34: Stall { 1: since },
        35: SetOverflow { 1: queue, 2: channel, 3: beyond };
        27: ApplyDocument,
        28: EnqueueContact,
        29: Supervise,
    }
}

choice! {
    Event {
        1: RequestAccepted { 1: request, 2: fingerprint, 3: reply },
        2: RequestsForgotten { 1: count },
        3: DocumentApplied { 1: version, 2: document, 3: moves, 4: origin },
        4: DocumentSwept { 1: items },
        5: ContactMoved { 1: contact, 2: from, 3: queue },
        6: AgentPut { 1: agent, 2: id, 3: profile, 4: revision },
        7: AgentDeleted { 1: agent, 2: id },
        8: SessionOpened { 1: agent, 2: session, 3: connection, 4: resumed },
        9: SessionLost { 1: agent, 2: rescind_at, 3: grace_ends_at },
        10: SessionRescinded { 1: agent },
        11: SessionEnded { 1: agent },
        12: PresenceSet { 1: agent, 2: presence, 3: because },
        13: PresencePending { 1: agent, 2: presence },
        14: RonaSuspended { 1: until },
        15: ContactAnnounced {
            1: contact, 2: id, 3: details, 4: expected_at, 5: announced, 6: forget_at, 7: source, 8: weight,
        },
        16: MomentExpected { 1: contact, 2: counted },
        17: ContactQueued { 1: contact, 2: queued },
        18: ContactRequeued {
            1: contact, 2: from, 3: queue, 4: place, 5: ordered_from, 6: head_start, 7: because, 8: target, 9: barred,
            10: requirement,
        },
        19: ContactUpdated { 1: contact, 2: details, 3: requirement },
        20: ContactParked { 1: contact, 2: until },
        21: ContactReleased { 1: contact },
        22: StepReached { 1: contact, 2: step, 3: beyond },
        23: PhaseReached { 1: contact, 2: phase },
        24: TargetReleased { 1: contact },
        25: RefusalEnded { 1: contact, 2: agent },
        26: DrainStarted { 1: contact, 2: agent },
        27: DrainPostponed { 1: contact, 2: until },
        28: ContactUnreachable { 1: contact, 2: unmet },
        29: ContactReachable { 1: contact },
        30: ContactPulled { 1: contact, 2: target },
        31: ContactPrioritised { 1: contact, 2: head_start, 3: place },
        32: ContactScored { 1: contact, 2: place, 3: dynamic, 4: care, 5: why, 6: other_moments },
        33: SignalsTaken { 1: contact, 2: signals },
        34: ContactClosed { 1: contact, 2: because, 3: forget_at },
        35: ContactForgotten { 1: contact },
        36: OfferMade { 1: offer, 2: contact, 3: agent, 4: deliver_by, 5: choice, 6: time },
        37: OfferDelivered { 1: offer, 2: expires_at },
        38: OfferExtended { 1: offer, 2: expires_at },
        39: OfferAccepted { 1: offer, 2: engagement },
        40: OfferDeclined { 1: offer, 2: reason, 3: again_at },
        41: OfferExpired { 1: offer, 2: again_at },
        42: OfferRescinded { 1: offer, 2: because, 3: again_at },
        43: EngagementInterrupted { 1: engagement },
        44: EngagementResumed { 1: engagement },
        45: EngagementUnconfirmed { 1: engagement },
        46: EngagementConfirmed { 1: engagement },
        47: WrapUpStarted { 1: engagement, 2: until, 3: latest, 4: because },
        48: WrapUpExtended { 1: engagement, 2: until },
        49: EngagementEnded { 1: engagement, 2: agent, 3: contact, 4: because },
        50: ReserveSet { 1: skill, 2: k },
        51: Supervised { 1: supervision },
        52: QueueModeSet { 1: queue, 2: mode, 3: supervision },
        53: QueueMoveStarted { 1: from, 2: to, 3: place, 4: before },
        54: QueueMoveAdvanced { 1: from, 2: through, 3: moved, 4: left, 5: next_at },
        55: QueueMoveEnded { 1: from, 2: to, 3: moved, 4: left },
        56: Stalled { 1: by },
        57: AssistSuggested { 1: contact, 2: agent, 3: why },
        58: AgentRested { 1: agent },
        59: MomentUncovered { 1: contact },
        60: AcceptanceLearnt { 1: queue, 2: channel, 3: usual },
        61: ShowRateLearnt { 1: source, 2: thousandths },
        62: EmpathyLearnt { 1: agent, 2: level },
        70: OfferingHeld { 1: until, 2: awaited, 3: spared },
        71: OfferingResumed { 1: missing },
        72: TombstonesForgotten { 1: contacts, 2: offers },
        63: Reindexed {},
        73: CustomerErased { 1: customer, 2: contacts },
        74: OfferingCaughtUp {},
        75: OverflowSet { 1: queue, 2: channel, 3: beyond },
        76: OverflowSpread { 1: queue, 2: through, 3: next_at },
        77: OverflowSpreadEnded { 1: queue },
    }
}

choice! {
    MoveProblem { 1: NotRemoved {}, 2: DestinationUnknown { 1: similar }; 3: ChannelNotTaken, 4: Unmatchable }
}

choice! {
    Reject {
        1: ContactState { 1: contact, 2: state, 3: needed },
        2: AgentUnknown { 1: field, 2: agent },
        3: AgentExists { 1: agent, 2: actual },
        4: AgentChanged { 1: agent, 2: actual },
        5: QueueUnknown { 1: field, 2: queue, 3: similar },
        6: SkillUnknown { 1: field, 2: skill, 3: similar },
        7: ChannelUnknown { 1: field, 2: channel, 3: similar },
        8: ChannelNotTaken { 1: queue, 2: channel },
        9: Requirement { 1: field, 2: error },
        10: QueueFull { 1: queue, 2: contacts },
        11: AgentExcluded { 1: contact, 2: agent },
        12: DocumentSweeping {},
        13: VersionMismatch { 1: expected, 2: actual },
        14: DocumentVersionUnknown { 1: field, 2: version, 3: oldest, 4: latest },
        15: OfferExpired { 1: offer, 2: ago },
        16: ExtensionTooLong { 1: what, 2: latest },
        17: EngagementUnknown { 1: agent, 2: contact, 3: needed },
        18: OutOfRange { 1: field, 2: problem },
        19: LimitReached { 1: what, 2: limit };
        20: ContactUnknown,
        21: ContactExists,
        22: ContactClosed,
        23: AgentBusy,
        40: CustomerBusy,
        24: NoSession,
        25: QueueDraining,
        26: QueuesNotEmpty,
        27: MovesInvalid,
        28: ChannelsInUse,
        29: OfferUnknown,
        30: OfferTaken,
        31: OfferRescinded,
        32: DeclineForbidden,
        33: SignalLate,
        34: SignalSwitchedOff,
        35: RequestReused,
    }
}
