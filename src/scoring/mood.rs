//! How a customer feels, peak and end (Fredrickson & Kahneman 1993, kept up signal by signal), how urgent it is, and what
//! the signals named.
//!
//! Invariant: signals are added in the order of their times; fixed point, shares in 1/65,536. Words and voice are kept
//! apart, so that it can be said which of them it was. Not here: which signals are remembered one by one (`evidence`).

#![deny(clippy::float_arithmetic)]

use smallvec::SmallVec;

use crate::model::{
    limits::FACTS_MAX,
    signal::{Content, Feeling, Happened, Source, Thousandths, WHOLE},
    time::{Span, Timestamp},
};

use super::{
    decay::Decay,
    halving::{ONE, left_after, share},
};

/// The end of an experience is its last seconds of speech …
const END_HALF_LIFE: Span = Span::from_secs(20);
/// … or its last messages: each takes this share of it, so that two take half.
const END_PER_MESSAGE: u32 = ONE - 46_341;
/// What a first signal from speech stands for: the window that most providers send.
const FIRST_WINDOW: Span = Span::from_secs(5);
/// A peak is half forgotten after this, and so is all of it when the customer says no more.
pub const PEAK_HALF_LIFE: Span = Span::from_secs(600);
/// Voice agrees with words if its peak was above this.
const VOICE_AGREES: u32 = ONE / 4;
/// Levels of distress that are told apart.
pub const LEVELS: usize = 10;

/// What the signals said, in sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mood {
    pub(crate) text: PeakEnd,
    pub(crate) voice: PeakEnd,
    pub(crate) urgency: Option<(Decay, Source)>,
    /// When distress last was a tenth of all, two tenths, …, and by which signals.
    pub(crate) reached: [Option<(Timestamp, Source)>; LEVELS],
    /// What happened, as the customer's words or voice named it.
    pub named: SmallVec<[Named; 1]>,
    /// Signals that said anything that counts.
    pub count: u32,
    /// The surest of them.
    pub surest: Thousandths,
    /// Voice was once distressed by itself.
    pub voice_agrees: bool,
}

/// Something that a signal named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What.
    pub happened: Happened,
    /// When.
    pub at: Timestamp,
    /// Where it is from.
    pub source: Source,
}

/// One kind of feeling, online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PeakEnd {
    pub(crate) peak: u32,
    pub(crate) end: u32,
    pub(crate) at: Option<Timestamp>,
}

impl PeakEnd {
    fn add(&mut self, at: Timestamp, feeling: Feeling, weight_of_now: u32) {
        let (distress, confidence) = (distress(feeling), of_whole(feeling.confidence));
        let since = self.at.map_or(Span::ZERO, |before| at - before);
        let step = |from: u32, to: u32| share(share(to - from, confidence), weight_of_now);
        self.end = if distress >= self.end {
            self.end + step(self.end, distress)
        } else {
            self.end - step(distress, self.end)
        };
        self.peak = share(distress, confidence).max(share(self.peak, left_after(since, PEAK_HALF_LIFE)));
        self.at = Some(at);
    }

    fn level(&self) -> u32 {
        u32::midpoint(self.peak, self.end)
    }
}

impl Mood {
    /// Adds a signal, which is no earlier than those before it.
    pub fn add(&mut self, at: Timestamp, source: Source, content: &Content) {
        let mut says = 0;
        if let Some(feeling) = content.feeling {
            self.feel(at, source, feeling);
            says = if feeling.valence < 0 { feeling.confidence } else { 0 };
        }
        if let Some(urgency) = &content.urgency {
            let strength = thousandths(share(of_whole(urgency.value), of_whole(urgency.confidence)));
            let held = self.urgency.map_or(0, |(held, _)| held.left(at).strength);
            if strength >= held {
                self.urgency = Some((Decay { at, half_life: PEAK_HALF_LIFE, strength, seconds: 0 }, source));
            }
            says = says.max(if urgency.value > 0 { urgency.confidence } else { 0 });
        }
        for happened in &content.events {
            // A surer one of before may still be worth more.
            let stays = |named: &mut Named| {
                let Named { happened: Happened { event, confidence, .. }, source: from, .. } = named;
                *event != happened.event || *from != source || *confidence > happened.confidence
            };
            self.named.retain(stays);
            if self.named.len() == FACTS_MAX {
                self.named.remove(0);
            }
            self.named.push(Named { happened: happened.clone(), at, source });
            says = says.max(happened.confidence);
        }
        if says > 0 {
            self.count = self.count.saturating_add(1);
            self.surest = self.surest.max(says);
        }
    }

    fn feel(&mut self, at: Timestamp, source: Source, feeling: Feeling) {
        let of = if source == Source::Voice { &mut self.voice } else { &mut self.text };
        let weight_of_now = match source {
            Source::Voice => ONE - left_after(of.at.map_or(FIRST_WINDOW, |before| at - before), END_HALF_LIFE),
            _ => END_PER_MESSAGE,
        };
        of.add(at, feeling, weight_of_now);
        let level = of.level();
        self.voice_agrees |= source == Source::Voice && of.peak >= VOICE_AGREES;
        for (tenths, reached) in (1u32..).zip(&mut self.reached) {
            if thousandths(level) >= Thousandths::try_from(tenths * 100).unwrap_or(WHOLE) {
                *reached = Some((at, source));
            }
        }
    }

    /// How distressed the customer is, by words and by voice, where this is worth so many seconds at most.
    pub fn emotion(&self, seconds: u32) -> impl Iterator<Item = (Decay, Source)> {
        let of = |kind: PeakEnd, source| {
            let level = kind.level();
            let decay = |at| Decay {
                at,
                half_life: PEAK_HALF_LIFE,
                strength: thousandths(level),
                seconds: share(seconds, level),
            };
            kind.at.map(|at| (decay(at), source))
        };
        [of(self.text, Source::Text), of(self.voice, Source::Voice)].into_iter().flatten()
    }

    /// How distressed the customer is at a time, which is not before the last signal, and by which signals; `None` = not
    /// at all.
    pub fn distress(&self, now: Timestamp) -> Option<(Thousandths, Source)> {
        let left = self.emotion(0).map(|(decay, source)| (decay.left(now).strength, source));
        left.filter(|(level, _)| *level > 0).max()
    }

    /// How distressed the customer was in the end, and when that was heard; words or voice, whichever came last.
    pub fn end(&self) -> Option<(Thousandths, Timestamp)> {
        let of = |kind: PeakEnd| Some((kind.at?, thousandths(kind.end)));
        let last = [of(self.text), of(self.voice)].into_iter().flatten().max();
        last.map(|(at, distress)| (distress, at))
    }

    /// How urgent it is, where this is worth so many seconds at most.
    pub fn urgency(&self, seconds: u32) -> Option<(Decay, Source)> {
        let worth = |strength: Thousandths| seconds * u32::from(strength) / u32::from(WHOLE);
        self.urgency.map(|(held, source)| (Decay { seconds: worth(held.strength), ..held }, source))
    }

    /// When distress was last at a level, and by which signals.
    pub fn reached(&self, level: Thousandths) -> Option<(Timestamp, Source)> {
        let tenths = usize::from(level.div_ceil(100)).clamp(1, LEVELS);
        self.reached[tenths - 1]
    }
}

/// Bad feelings count, the more so the stronger they are.
fn distress(feeling: Feeling) -> u32 {
    let bad = u64::from(feeling.valence.min(0).unsigned_abs().min(WHOLE));
    let strength = 600_000 + 400 * u64::from(feeling.arousal.min(WHOLE));
    u32::try_from(bad * strength * u64::from(ONE) / 1_000_000_000).unwrap_or(ONE)
}

fn of_whole(thousandths: Thousandths) -> u32 {
    u32::from(thousandths.min(WHOLE)) * ONE / u32::from(WHOLE)
}

fn thousandths(of_whole: u32) -> Thousandths {
    Thousandths::try_from((u64::from(of_whole) * u64::from(WHOLE) + u64::from(ONE) / 2) / u64::from(ONE))
        .unwrap_or(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp(Span::from_secs(secs).0)
    }

    fn feels(valence: i16, arousal: u16, confidence: u16) -> Content {
        Content { feeling: Some(Feeling { valence, arousal, confidence }), ..Content::default() }
    }

    fn level(mood: &Mood, source: Source) -> u16 {
        mood.emotion(0).find(|(_, from)| *from == source).map_or(0, |(decay, _)| decay.strength)
    }

    #[test]
    fn two_messages_are_half_of_the_end_and_the_peak_stays() {
        let mut mood = Mood::default();
        mood.add(at(0), Source::Text, &feels(-1_000, 1_000, 1_000));
        assert_eq!(level(&mood, Source::Text), 646, "(1 + 0.293) / 2");
        mood.add(at(1), Source::Text, &feels(-1_000, 1_000, 1_000));
        assert_eq!(level(&mood, Source::Text), 750, "(1 + 0.5) / 2");
        mood.add(at(2), Source::Text, &feels(1_000, 1_000, 1_000));
        assert_eq!(level(&mood, Source::Text), 676, "the end falls, the peak hardly");
        assert_eq!(mood.reached(700), Some((at(1), Source::Text)));
        assert_eq!((mood.reached(800), mood.count, mood.surest), (None, 2, 1_000));
    }

    #[test]
    fn the_end_is_what_was_heard_last() {
        let mut mood = Mood::default();
        assert_eq!(mood.end(), None);
        mood.add(at(0), Source::Text, &feels(-1_000, 1_000, 1_000));
        mood.add(at(1), Source::Text, &feels(-1_000, 1_000, 1_000));
        assert_eq!(mood.end(), Some((500, at(1))), "two messages are half of it");
        mood.add(at(5), Source::Voice, &feels(1_000, 1_000, 1_000));
        assert_eq!(mood.end(), Some((0, at(5))));
    }

    #[test]
    fn calm_words_are_calm_and_strength_and_certainty_count() {
        let one = |content: &Content| {
            let mut mood = Mood::default();
            mood.add(at(0), Source::Text, content);
            level(&mood, Source::Text)
        };
        assert_eq!(one(&feels(500, 1_000, 1_000)), 0);
        assert_eq!(one(&feels(-1_000, 0, 1_000)), 388, "0.6 of the strongest");
        assert_eq!(one(&feels(-1_000, 1_000, 500)), 323);
    }

    #[test]
    fn distress_is_that_of_words_or_voice_whichever_is_worse_and_fades() {
        let mut mood = Mood::default();
        assert_eq!(mood.distress(at(0)), None);
        mood.add(at(0), Source::Text, &feels(-1_000, 1_000, 1_000));
        mood.add(at(0), Source::Voice, &feels(-500, 0, 1_000));
        assert_eq!(mood.distress(at(0)), Some((646, Source::Text)));
        assert_eq!(mood.distress(at(600)), Some((323, Source::Text)), "half of it is left");
        assert_eq!(mood.distress(at(100_000)), None);
    }

    #[test]
    fn voice_counts_by_its_time() {
        let mut mood = Mood::default();
        mood.add(at(0), Source::Voice, &feels(-1_000, 1_000, 1_000));
        mood.add(at(20), Source::Voice, &feels(-1_000, 1_000, 1_000));
        // The first window is a sixth of the end, half of what was left came in twenty seconds.
        assert_eq!(level(&mood, Source::Voice), 790);
        assert!(mood.voice_agrees);
    }

    #[test]
    fn the_most_urgent_that_is_left_counts() {
        let urgent = |value| Content {
            urgency: Some(crate::model::signal::Measure { value, confidence: 1_000 }),
            ..Content::default()
        };
        let mut mood = Mood::default();
        mood.add(at(0), Source::Text, &urgent(900));
        mood.add(at(1), Source::Voice, &urgent(400));
        assert_eq!(mood.urgency(60).map(|(decay, source)| (decay.seconds, source)), Some((54, Source::Text)));
        mood.add(at(3_000), Source::Voice, &urgent(400));
        assert_eq!(mood.urgency(60).map(|(decay, source)| (decay.seconds, source)), Some((24, Source::Voice)));
    }
}
