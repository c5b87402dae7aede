//! The analyser's training, evaluation and time.
//!
//! `cargo bench --bench analyser -- evaluate DATA` prints how well it tells feelings and urgency, by language and set,
//! each on sets that it did not learn from; `train DATA` learns from all that may be used and writes the weights; both are
//! seeded. `folds DATA` judges each fifth of the project's texts by the rest, which is what tuning may look at. Codes of
//! languages after DATA keep these three to them. `coverage DATA` tells how many texts have a term at all. Needing no
//! data: `time`, also without a verb, and `abuse`, what ways of typing gain in the line.

mod abuse;
mod data;

use std::{collections::HashMap, fs, path::PathBuf, time::Instant};

use attune::scoring::text::{
    Reader, Scratch,
    fit::{Example, Options, adapt, fit},
    language::Language,
    lexicon::Lexicon,
    linear,
    model::{LINEAR, Model, probability},
    normalise::without_marks,
};
use data::{FEELINGS, Row, example, learnt_from, own, sets};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scoring/text/data");

fn main() {
    let mut arguments =
        std::env::args().skip(1).filter(|argument| !["--bench", "--quick"].contains(&argument.as_str()));
    let verb = arguments.next().unwrap_or_else(|| "time".to_owned());
    let folder = arguments.next().map(PathBuf::from);
    let only: Vec<String> = arguments.collect();
    let is_asked = |language: &Language| only.is_empty() || only.iter().any(|code| code == language.code());
    let only: Vec<Language> = Language::ALL.into_iter().filter(is_asked).collect();
    let folder = || folder.clone().unwrap_or_else(|| panic!("`{verb}` needs the folder of the labelled sets"));
    match verb.as_str() {
        "train" => train(&learnable(&folder()), &only),
        "evaluate" => evaluate(&learnable(&folder()), &only),
        "folds" => folds(&learnable(&folder()), &only),
        "coverage" => coverage(&learnable(&folder())),
        "time" => time(),
        "abuse" => abuse::abuse(),
        other => panic!("there is no {other:?}: train, evaluate, folds, coverage, time or abuse"),
    }
}

fn learnable(folder: &std::path::Path) -> Vec<Row> {
    let mut rows = sets(folder);
    rows.extend(learnt_from());
    rows
}

fn lexicon(language: Language) -> Lexicon {
    let read = |ending: &str| {
        let path = format!("{DATA}/{}.{ending}", language.code());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("failed to read {path}: {error}"))
    };
    let lexicon = Lexicon::read(language, &read("tsv"), &read("events.tsv"));
    lexicon.unwrap_or_else(|error| panic!("{}: {error}", language.code()))
}

/// A reader that has learnt from these rows, of its language or half as much of all.
fn taught(language: Language, rows: &[&Row]) -> Reader {
    let mut reader = Reader::new(lexicon(language), Model::prior());
    let own: Vec<&&Row> = rows.iter().filter(|row| row.language == language).collect();
    let mut sizes = HashMap::new();
    for row in &own {
        *sizes.entry(row.set).or_insert(0usize) += 1;
    }
    let mut examples: Vec<Example> = own.iter().map(|row| example(row, sizes[row.set])).collect();
    if matches!(language, Language::Vi | Language::Pl) {
        // Half of them also as people type without the marks.
        let plain: Vec<Example> = examples
            .iter()
            .step_by(2)
            .map(|example| Example { text: without_marks(&example.text), ..example.clone() })
            .collect();
        examples.extend(plain);
    }
    reader.model = fit(&reader, language, &examples, &Model::prior(), &Options::default());
    reader
}

struct Said {
    negative: f32,
    urgent: f32,
    has_event: bool,
}

fn say(reader: &Reader, language: Language, text: &str, scratch: &mut Scratch) -> Said {
    reader.take_in(text, language, scratch);
    let [negative, _, urgent] = linear::scores(&scratch.normal, language, &reader.model.weights);
    let mut inputs = scratch.inputs;
    inputs[LINEAR] = negative;
    let negative = probability(reader.model.negative.logit(&inputs));
    inputs[LINEAR] = urgent;
    let urgent = probability(reader.model.urgent.logit(&inputs));
    Said { negative, urgent, has_event: inputs[LINEAR + 1] >= 0.5 }
}

fn train(rows: &[Row], languages: &[Language]) {
    let all: Vec<&Row> = rows.iter().filter(|row| !(row.set == "en_banking77" && row.is_test)).collect();
    for language in languages.iter().copied() {
        let reader = taught(language, &all);
        let path = format!("{DATA}/{}.weights", language.code());
        fs::write(&path, reader.model.write()).unwrap_or_else(|error| panic!("failed to write {path}: {error}"));
        println!("{}: {:?} {:?}", language.code(), reader.model.negative, reader.model.urgent);
    }
}

/// The probability that a row with the label scores above one without.
fn auc(scored: &[(f32, bool)]) -> f64 {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut ranks, mut at) = (0.0, 0);
    while at < sorted.len() {
        let end = at + sorted[at..].iter().take_while(|row| row.0 == sorted[at].0).count();
        let rank = (at + 1 + end) as f64 / 2.0;
        ranks += rank * sorted[at..end].iter().filter(|row| row.1).count() as f64;
        at = end;
    }
    let yes = scored.iter().filter(|row| row.1).count() as f64;
    let no = scored.len() as f64 - yes;
    (ranks - yes * (yes + 1.0) / 2.0) / (yes * no)
}

/// How much richer the top tenth is than the whole.
fn lift(scored: &[(f32, bool)]) -> f64 {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let top = &sorted[..sorted.len().div_ceil(10)];
    let share = |rows: &[(f32, bool)]| rows.iter().filter(|row| row.1).count() as f64 / rows.len() as f64;
    share(top) / share(&sorted)
}

fn evaluate(rows: &[Row], languages: &[Language]) {
    println!("| set | n | AUC negative | lexicon alone | linear alone | VADER | top tenth | without marks | adapted |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let vader = vader_sentiment::SentimentIntensityAnalyzer::new();
    let mut scratch = Scratch::default();
    for (set, language) in data::SETS.into_iter().filter(|(_, language)| languages.contains(language)) {
        // English: without this set. The others: nothing of these subtitles in the language at all.
        let seen: Vec<&Row> = rows
            .iter()
            .filter(|row| {
                row.language != language || row.set != set && !(language != Language::En && row.set.ends_with("_xed"))
            })
            .collect();
        let reader = taught(language, &seen);
        let mut only_terms = Reader::new(lexicon(language), reader.model.clone());
        only_terms.model.weights.fill([0; 3]);
        let test: Vec<&Row> = rows.iter().filter(|row| row.set == set && row.negative.is_some()).collect();
        let (mut all, mut terms, mut words, mut peer, mut bare) = (vec![], vec![], vec![], vec![], vec![]);
        for row in &test {
            let truth = row.negative.expect("it is labelled");
            all.push((say(&reader, language, &row.text, &mut scratch).negative, truth));
            words.push((linear::scores(&scratch.normal, language, &reader.model.weights)[0], truth));
            terms.push((say(&only_terms, language, &row.text, &mut scratch).negative, truth));
            if language == Language::En {
                peer.push((-vader.polarity_scores(&row.text)["compound"] as f32, truth));
            } else if language != Language::Zh {
                bare.push((say(&reader, language, &without_marks(&row.text), &mut scratch).negative, truth));
            }
        }
        // What an operator with such messages would get by `attune adapt`, without a label.
        let texts: Vec<String> = test.iter().map(|row| row.text.clone()).collect();
        let model = adapt(&reader, language, &texts, &Options::default());
        let adapted = Reader::new(lexicon(language), model);
        let adapted: Vec<(f32, bool)> = test
            .iter()
            .map(|row| (say(&adapted, language, &row.text, &mut scratch).negative, row.negative == Some(true)))
            .collect();
        let shown =
            |scored: &Vec<(f32, bool)>| if scored.is_empty() { String::new() } else { format!("{:.3}", auc(scored)) };
        println!(
            "| {set} | {} | {} | {} | {} | {} | {:.2} | {} | {} |",
            test.len(),
            shown(&all),
            shown(&terms),
            shown(&words),
            shown(&peer),
            lift(&all),
            shown(&bare),
            shown(&adapted)
        );
    }
    println!(
        "\n| language | unseen messages | AUC negative | AUC urgent against the rest | recall of urgent at 2 % false alarms (routine) | at 2 % of all others |"
    );
    println!("|---|---|---|---|---|---|");
    let unseen = own("unseen");
    let all: Vec<&Row> = rows.iter().filter(|row| !(row.set == "en_banking77" && row.is_test)).collect();
    for language in languages.iter().copied() {
        let reader = taught(language, &all);
        let test: Vec<&Row> = unseen.iter().filter(|row| row.language == language).collect();
        if test.is_empty() {
            continue;
        }
        let said: Vec<Said> = test.iter().map(|row| say(&reader, language, &row.text, &mut scratch)).collect();
        let pairs = |score: fn(&Said) -> f32, truth: fn(&Row) -> Option<bool>| -> Vec<(f32, bool)> {
            said.iter().zip(&test).filter_map(|(said, row)| Some((score(said), truth(row)?))).collect()
        };
        let negative = pairs(|said| said.negative, |row| row.negative);
        let urgent = pairs(|said| said.urgent, |row| row.urgent);
        let against_routine = pairs(
            |said| said.urgent,
            |row| match (row.urgent, row.trouble) {
                (Some(true), _) => Some(true),
                (_, Some(false)) => Some(false),
                _ => None,
            },
        );
        println!(
            "| {} | {} | {:.3} | {:.3} | {:.3} | {:.3} |",
            language.code(),
            test.len(),
            auc(&negative),
            auc(&urgent),
            recall_at(&against_routine, 0.02),
            recall_at(&urgent, 0.02)
        );
        if language == Language::En {
            let bank: Vec<&Row> = rows.iter().filter(|row| row.set == "en_banking77" && row.is_test).collect();
            let judged = bank.iter().filter(|row| row.urgent == Some(true) || row.trouble == Some(false));
            let scored: Vec<(f32, bool)> = judged
                .clone()
                .map(|row| (say(&reader, language, &row.text, &mut scratch).urgent, row.urgent == Some(true)))
                .collect();
            let flagged: Vec<(bool, bool)> = judged
                .map(|row| {
                    let said = say(&reader, language, &row.text, &mut scratch);
                    (said.has_event || said.urgent >= 0.5, row.urgent == Some(true))
                })
                .collect();
            let share = |truth: bool| {
                flagged.iter().filter(|(flag, urgent)| *flag && *urgent == truth).count() as f64
                    / flagged.iter().filter(|(_, urgent)| *urgent == truth).count() as f64
            };
            println!(
                "\nbank, test split: recall {:.3} at {:.3} false alarms flagged; AUC {:.4}, recall at 2 % {:.3}",
                share(true),
                share(false),
                auc(&scored),
                recall_at(&scored, 0.02)
            );
        }
    }
}

/// Each fifth of the ideas in the project's own texts, judged by what was learnt without it; and subtitles, by what was
/// learnt without them.
fn folds(rows: &[Row], languages: &[Language]) {
    println!(
        "| language | AUC negative, messages | feelings | subtitles | AUC urgent against the rest | recall of urgent at 2 % of routine | at 2 % of all others |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut scratch = Scratch::default();
    for language in languages.iter().copied() {
        let fold_of = |row: &Row| {
            let idea = row.idea.as_deref()?;
            Some(idea.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31) + u64::from(byte)) % 5)
        };
        let (mut negative, mut feelings, mut subtitles) = (vec![], vec![], vec![]);
        let (mut urgent, mut routine) = (vec![], vec![]);
        for fold in 0..5 {
            let seen: Vec<&Row> = rows.iter().filter(|row| fold_of(row) != Some(fold)).collect();
            let reader = taught(language, &seen);
            for row in rows.iter().filter(|row| row.language == language && fold_of(row) == Some(fold)) {
                let said = say(&reader, language, &row.text, &mut scratch);
                let into = if row.set == FEELINGS { &mut feelings } else { &mut negative };
                into.push((said.negative, row.negative == Some(true)));
                let Some(is_urgent) = row.urgent else { continue };
                urgent.push((said.urgent, is_urgent));
                if is_urgent || row.trouble == Some(false) {
                    routine.push((said.urgent, is_urgent));
                }
            }
        }
        let without: Vec<&Row> = rows.iter().filter(|row| !row.set.ends_with("_xed")).collect();
        let reader = taught(language, &without);
        for row in rows.iter().filter(|row| row.language == language && row.set.ends_with("_xed")) {
            let Some(truth) = row.negative else { continue };
            subtitles.push((say(&reader, language, &row.text, &mut scratch).negative, truth));
        }
        println!(
            "| {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} |",
            language.code(),
            auc(&negative),
            auc(&feelings),
            auc(&subtitles),
            auc(&urgent),
            recall_at(&routine, 0.02),
            recall_at(&urgent, 0.02)
        );
    }
}

fn recall_at(scored: &[(f32, bool)], alarms: f64) -> f64 {
    let mut others: Vec<f32> = scored.iter().filter(|row| !row.1).map(|row| row.0).collect();
    others.sort_by(|one, other| other.total_cmp(one));
    let allowed = (others.len() as f64 * alarms).floor() as usize;
    let limit = others.get(allowed).copied().unwrap_or(f32::MIN);
    let yes: Vec<f32> = scored.iter().filter(|row| row.1).map(|row| row.0).collect();
    yes.iter().filter(|score| **score > limit).count() as f64 / yes.len() as f64
}

/// How many texts have a term at all, by set and label.
fn coverage(rows: &[Row]) {
    let mut scratch = Scratch::default();
    for (set, language) in data::SETS {
        let reader = Reader::new(lexicon(language), Model::prior());
        for truth in [true, false] {
            let test: Vec<&Row> = rows.iter().filter(|row| row.set == set && row.negative == Some(truth)).collect();
            let (mut hit, mut bad, mut good) = (0, 0, 0);
            for row in &test {
                reader.take_in(&row.text, language, &mut scratch);
                hit += usize::from(scratch.sums.by_class.iter().any(|sum| *sum > 0));
                bad += usize::from(scratch.sums.by_class[..5].iter().any(|sum| *sum > 0));
                good += usize::from(scratch.sums.by_class[5..7].iter().any(|sum| *sum > 0));
            }
            let share = |part: usize| 100 * part / test.len();
            println!(
                "{set} negative={truth}: {} texts, any {} %, bad {} %, good {} %",
                test.len(),
                share(hit),
                share(bad),
                share(good)
            );
        }
    }
}

fn time() {
    let mut scratch = Scratch::default();
    let text = "I have been waiting for two hours now and nobody can tell me why my card was declined at the till, this is really embarrassing and I am very angry, please help me as soon as possible because I am stuck abroad with my kids. ";
    for (language, length) in [(Language::En, 80), (Language::En, 300), (Language::En, 4096)] {
        let reader = Reader::new(lexicon(language), Model::prior());
        let long: String = text
            .chars()
            .cycle()
            .enumerate()
            .map(|(at, char)| if at % 97 == 96 { char::from(b'a' + (at % 26) as u8) } else { char })
            .take(length)
            .collect();
        let mut took: Vec<u128> = (0..20_000 * 80 / length)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(say(&reader, language, &long, &mut scratch).negative);
                start.elapsed().as_nanos()
            })
            .collect();
        took.sort_unstable();
        println!("{length} characters: p50 {} ns, p99 {} ns", took[took.len() / 2], took[took.len() * 99 / 100]);
    }
}
