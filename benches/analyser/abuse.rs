//! What ways of typing gain: the score, and the seconds in the line, which are what counts.
//!
//! `cargo bench --bench analyser -- abuse` prints it by language, under the document of the demo's bank: dynamic cap 180
//! seconds, words alone half of it. The rows beyond the first are the same words written otherwise, or more of them.

use attune::{
    api::words,
    model::{
        document::Document,
        ids::EventName,
        signal::{Content, Happened, Signal, SignalKey, Source},
        time::Timestamp,
    },
    scoring::{Evidence, Known, Scored, assess, text::language::Language},
    sim::bank,
};

/// Of each language a calm question, a complaint, and one angry phrase to type in front of the question.
const SAID: [(Language, [&str; 3]); 5] = [
    (
        Language::En,
        [
            "What are your opening hours on Saturday?",
            "Nobody answers my letters and I am really angry about it.",
            "This is an outrage, you are useless thieves.",
        ],
    ),
    (
        Language::Vi,
        [
            "Thứ bảy ngân hàng mở cửa mấy giờ vậy?",
            "Không ai trả lời thư của tôi, tôi rất tức giận.",
            "Quá tệ hại, các người là đồ lừa đảo.",
        ],
    ),
    (
        Language::Pl,
        [
            "W jakich godzinach jest otwarte w sobotę?",
            "Nikt nie odpowiada na moje pisma i jestem naprawdę wściekły.",
            "To skandal, jesteście bandą złodziei.",
        ],
    ),
    (Language::Zh, ["请问星期六几点开门？", "没有人回复我的来信，我真的非常生气。", "太可恶了，你们这群骗子。"]),
    (
        Language::Bn,
        ["শনিবার আপনাদের শাখা কয়টায় খোলে?", "কেউ আমার চিঠির উত্তর দেয় না, আমি খুব রেগে আছি।", "জঘন্য, আপনারা সবাই প্রতারক।"],
    ),
];

/// Every trouble that a bank's catalogue knows, in English, for whoever tries them all.
const STUFFED: &str = "card stolen, fraud, identity theft, sim swap, money gone, stranded abroad, card swallowed by the \
                       machine, account locked, I am blind";

/// What nobody has to prove: these words alone may give all that evidence can give.
const SAFETY: &str = "He threatens to kill me";

/// Prints the table.
pub fn abuse() {
    let document = bank::document();
    println!("| language | text | negative | urgency | arousal | head start | moment of truth |");
    println!("|---|---|---|---|---|---|---|");
    for (language, [calm, complaint, phrase]) in SAID {
        let rows = [
            ("calm", vec![calm.to_owned()]),
            ("complaint", vec![complaint.to_owned()]),
            ("… in capitals", vec![complaint.to_uppercase()]),
            ("… with 50 exclamation marks", vec![format!("{complaint}{}", "!".repeat(50))]),
            ("… said ten times over", vec![[complaint; 10].join(" ")]),
            ("… with letters stretched", vec![stretched(complaint)]),
            ("… with zero-width characters", vec![threaded(complaint, &['\u{200b}', '\u{2060}', '\u{feff}'])]),
            ("… as Zalgo", vec![threaded(complaint, &['\u{315}', '\u{31b}', '\u{321}'])]),
            ("… in twenty messages", vec![complaint.to_owned(); 20]),
            ("calm, after one angry phrase", vec![format!("{phrase} {calm}")]),
            ("calm, after every trouble there is", vec![format!("{STUFFED}. {calm}")]),
            ("… in twenty messages", vec![format!("{STUFFED}. {calm}"); 20]),
        ];
        let safety =
            (language == Language::En).then(|| ("calm, after a threat to life", vec![format!("{SAFETY}. {calm}")]));
        for (name, messages) in rows.into_iter().chain(safety) {
            let scored = scored(&document, &messages, language, false);
            row(language, name, &messages[0], &scored);
        }
        let messages = vec![complaint.to_owned()];
        row(language, "complaint, and a fact beside it", complaint, &scored(&document, &messages, language, true));
    }
}

fn row(language: Language, name: &str, text: &str, scored: &Scored) {
    let content = words::read(text, language.code());
    let mut scratch = attune::scoring::text::Scratch::default();
    let analysis = attune::scoring::text::Analyser::embedded().analyse(text, Some(language), &mut scratch);
    let seconds = scored.head_start().as_millis() / 1_000;
    let arousal = content.feeling.map_or(0, |feeling| feeling.arousal);
    println!(
        "| {} | {name} | {:.3} | {:.3} | {:.3} | {seconds} s | {} |",
        language.code(),
        analysis.negative,
        analysis.urgency,
        f64::from(arousal) / 1_000.0,
        if scored.is_moment { "yes" } else { "" }
    );
}

/// What messages come to, ten seconds apart, at the last of them.
fn scored(document: &Document, messages: &[String], language: Language, with_fact: bool) -> Scored {
    let mut evidence = Evidence::default();
    let at = |number: usize| Timestamp(1_700_000_000_000_000 + 10_000_000 * number as i64);
    let made = |number: usize, source, content: Content| Signal {
        key: SignalKey(number as u64),
        revision: 0,
        observed_at: Some(at(number)),
        source,
        content: Some(content),
    };
    for (number, message) in messages.iter().enumerate() {
        evidence.take(at(number), &made(number, Source::Text, words::read(message, language.code())));
    }
    if with_fact {
        let event = EventName::new("card_stolen").expect("a name");
        let happened = Happened { event, confidence: 1_000, attributes: Default::default() };
        let content = Content { events: vec![happened], ..Content::default() };
        evidence.take(at(0), &made(messages.len(), Source::Fact, content));
    }
    assess(document, &evidence, Known::default(), at(messages.len() - 1))
}

/// The last letter of each word many times over.
fn stretched(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.chars().last().filter(char::is_ascii_alphabetic) {
        Some(last) => format!("{word}{}", last.to_string().repeat(20)),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// With these after every character.
fn threaded(text: &str, between: &[char]) -> String {
    text.chars().flat_map(|char| [char].into_iter().chain(between.iter().copied())).collect()
}
