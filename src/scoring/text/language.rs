//! Which language a message is in.
//!
//! Scripts decide where they can; Latin text goes by the letters and small words that only one of the languages has.
//! Texts are short and people mix languages, so the answer comes with how sure it is, and doubt lowers the confidence of
//! everything that follows. Not here: languages without a lexicon; they count as English with little confidence.

use std::{collections::BTreeMap, sync::LazyLock};

/// A language that the analyser reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    En,
    /// Vietnamese.
    Vi,
    /// Polish.
    Pl,
    /// Chinese, in both scripts.
    Zh,
    /// Bengali.
    Bn,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::En, Self::Vi, Self::Pl, Self::Zh, Self::Bn];

    /// Its ISO 639-1 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Vi => "vi",
            Self::Pl => "pl",
            Self::Zh => "zh",
            Self::Bn => "bn",
        }
    }

    /// Whether the patterns of its events are written without marks, and stand for words with and without them.
    pub fn has_plain_patterns(self) -> bool {
        self == Self::Pl
    }

    /// The language of a BCP 47 tag (`zh-Hant-TW`, `en_GB`), if the analyser reads it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let found = Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary));
        found.or_else(|| ["yue", "zho", "cmn"].contains(&primary).then_some(Self::Zh))
    }

    /// Its number, from 0.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A language, and how sure it is, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// The likeliest.
    pub language: Language,
    /// 0-1000.
    pub certainty: u16,
}

/// Letters that only Vietnamese has; tone marks alone (à, é) are of many languages.
const VIETNAMESE: &str = "ăđơưĂĐƠƯ";
/// Letters that only Polish has.
const POLISH: &str = "ąćęłńśźżĄĆĘŁŃŚŹŻ";

/// Small words that give a language away when its letters do not: frequent, and of no other language of the five.
const SMALL_WORDS: [(Language, &str); 4] = [
    (
        Language::En,
        "the is my i to and you of in it a was for have not this that with on are me can what your but so just am \
         please im been why has there when get how do don't no they be from did we if will an at would could thanks card \
         order flight money hello hi i've it's can't it hey yes all out up about her his he she one our need help want",
    ),
    (
        Language::Vi,
        "toi khong cua la duoc cho ban minh ko da nay gi em anh chi roi thi bi co mot voi qua lam sao nhung cai \
         ma khi ai oi cung hang tien vay the nao dc khong chua toi nguoi rat lai di dang muon giup xin nhe shop",
    ),
    (
        Language::Pl,
        "nie sie na jest mam jak za co moj mi ze czy dlaczego juz ale tak prosze moja po od dzien dobry mnie jestem \
         przez bardzo zeby kiedy gdzie ktos dla wy panstwo jutro dzisiaj pan pani tylko bo ile bylo moge chce z w",
    ),
    (
        Language::Bn,
        "ami amar na ki kore hoy apnar taka keno eta ta amake hobe kobe nai korte bhai apu koto hoise hoyeche ache \
         apnara ekhon kintu onek khub amader korbo dite parchi bolun theke sathe ei je r to tai vai",
    ),
];

/// The same by word, in order, with the languages that use it.
static WORDS: LazyLock<Vec<(&'static str, [bool; 5])>> = LazyLock::new(|| {
    let mut words = BTreeMap::new();
    for (language, list) in SMALL_WORDS {
        for word in list.split_whitespace() {
            words.entry(word).or_insert([false; 5])[language.index()] = true;
        }
    }
    words.into_iter().collect()
});

/// Guesses the language of a text; one that says nothing counts as English, without certainty.
pub fn guess(text: &str) -> Guess {
    let (mut han, mut bengali, mut latin, mut other, mut vietnamese, mut polish) = (0u32, 0u32, 0u32, 0u32, 0u32, 0u32);
    for char in text.chars().filter(|char| char.is_alphabetic()) {
        match char {
            '\u{980}'..='\u{9ff}' => bengali += 1,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => han += 1,
            'a'..='z' | 'A'..='Z' => latin += 1,
            '\u{1ea0}'..='\u{1ef9}' => {
                latin += 1;
                vietnamese += 1;
            }
            '\u{c0}'..='\u{24f}' => {
                latin += 1;
                vietnamese += u32::from(VIETNAMESE.contains(char));
                polish += u32::from(POLISH.contains(char));
            }
            _ => other += 1,
        }
    }
    // A Han character says about as much as three letters.
    let all = han * 3 + bengali + latin + other;
    if all == 0 {
        return Guess { language: Language::En, certainty: 0 };
    }
    let share = |part: u32| u16::try_from(1000 * u64::from(part) / u64::from(all)).expect("a share is at most 1000");
    if han * 3 * 4 >= all {
        return Guess { language: Language::Zh, certainty: share(han * 3).max(500) };
    }
    if bengali * 4 >= all {
        return Guess { language: Language::Bn, certainty: share(bengali).max(500) };
    }
    if vietnamese > polish && vietnamese * 25 >= latin {
        return Guess { language: Language::Vi, certainty: 1000 };
    }
    if polish > 0 && polish * 60 >= latin {
        return Guess { language: Language::Pl, certainty: 1000 };
    }
    let mut guess = by_small_words(text);
    if other * 2 > all {
        guess.certainty /= 4;
    }
    guess
}

fn by_small_words(text: &str) -> Guess {
    let mut counts = [0u32; 5];
    let mut word = [0u8; 16];
    let words = text.split(|char: char| !char.is_alphanumeric() && char != '\'').filter(|word| !word.is_empty());
    for found in words.take(64).filter(|found| found.len() <= 16 && found.is_ascii()) {
        let lower = &mut word[..found.len()];
        lower.copy_from_slice(found.as_bytes());
        lower.make_ascii_lowercase();
        let Ok(at) = WORDS.binary_search_by(|(word, _)| word.as_bytes().cmp(lower)) else { continue };
        for (count, is_of) in counts.iter_mut().zip(WORDS[at].1) {
            *count += u32::from(is_of);
        }
    }
    let best =
        Language::ALL.into_iter().max_by_key(|language| (counts[language.index()], std::cmp::Reverse(*language)));
    let best = best.expect("there are five");
    let (found, all) = (counts[best.index()], counts.iter().sum::<u32>());
    if found == 0 {
        return Guess { language: Language::En, certainty: 300 };
    }
    let certainty = 300 + 700 * found / all.max(1) - 300 / (found + 1);
    Guess { language: best, certainty: u16::try_from(certainty).expect("at most 1000") }
}

#[cfg(test)]
mod tests {
    use super::{Language, guess};

    #[test]
    fn scripts_letters_and_small_words_tell_the_language() {
        let cases = [
            ("where is my card", Language::En),
            ("the café was closed", Language::En),
            ("Tôi bị mất thẻ", Language::Vi),
            ("toi bi mat the roi, giup minh voi", Language::Vi),
            ("Zgubiłem kartę", Language::Pl),
            ("zgubilem karte, prosze o pomoc, nie wiem co robic", Language::Pl),
            ("我的卡丢了", Language::Zh),
            ("我的 iPhone 15 Pro 壞了", Language::Zh),
            ("আমার কার্ড হারিয়ে গেছে", Language::Bn),
            ("amar taka keno katse bhai", Language::Bn),
        ];
        for (text, language) in cases {
            assert_eq!(guess(text).language, language, "{text}");
        }
        assert_eq!(guess("1234 !!").certainty, 0);
    }

    #[test]
    fn a_tag_may_name_script_and_region() {
        assert_eq!(Language::of_tag("zh-Hant-TW"), Some(Language::Zh));
        assert_eq!(Language::of_tag("EN_gb"), Some(Language::En));
        assert_eq!(Language::of_tag("de"), None);
    }
}
