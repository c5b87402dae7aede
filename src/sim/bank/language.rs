//! The six languages of the bank's customers.
//!
//! Invariant: each has a skill in the embedded document; the shares sum to 1.

/// A customer's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    English,
    /// Chinese in the simplified script.
    Chinese,
    /// Vietnamese.
    Vietnamese,
    /// Polish.
    Polish,
    /// Chinese in the traditional script.
    ChineseTraditional,
    /// Bengali.
    Bengali,
}

impl Language {
    /// All of them, the most frequent first.
    pub const ALL: [Self; 6] =
        [Self::English, Self::Chinese, Self::Vietnamese, Self::Polish, Self::ChineseTraditional, Self::Bengali];

    /// By its tag, as in "zh-Hant"; regions that write traditional characters count as that.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let plain: String = tag.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "zhtw" | "zhhk" => Some(Self::ChineseTraditional),
            "zhhans" | "zhcn" => Some(Self::Chinese),
            _ => Self::ALL.into_iter().find(|known| known.tag().replace('-', "").eq_ignore_ascii_case(&plain)),
        }
    }

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
            Self::Vietnamese => "vi",
            Self::Polish => "pl",
            Self::ChineseTraditional => "zh-Hant",
            Self::Bengali => "bn",
        }
    }

    /// The skill of those who speak it.
    pub const fn skill(self) -> &'static str {
        match self {
            Self::English => "lang_en",
            Self::Chinese => "lang_zh",
            Self::Vietnamese => "lang_vi",
            Self::Polish => "lang_pl",
            Self::ChineseTraditional => "lang_zh_hant",
            Self::Bengali => "lang_bn",
        }
    }

    /// Of all customers.
    pub const fn share(self) -> f64 {
        match self {
            Self::English => 0.40,
            Self::Chinese => 0.15,
            Self::Vietnamese => 0.13,
            Self::Polish => 0.12,
            Self::ChineseTraditional => 0.10,
            Self::Bengali => 0.10,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::document::Document;

    use super::*;

    #[test]
    fn every_language_has_a_skill_and_its_tag_is_read_back() {
        let document = Document::embedded_default();
        for language in Language::ALL {
            assert!(document.skills.keys().any(|skill| skill.as_str() == language.skill()), "{language:?}");
            assert_eq!(Language::of_tag(language.tag()), Some(language));
        }
        assert_eq!(Language::of_tag("zh-TW"), Some(Language::ChineseTraditional));
        assert_eq!(Language::of_tag("tlh"), None);
    }
}
