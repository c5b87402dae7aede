//! Which queue a message is for, if nobody says: by the words of its label, or else of the message itself.
//!
//! Invariant: the first row that matches decides. A table for playing other people's messages, not an analyser.

use super::GENERAL;

/// Words and the queue they point to, the more telling ones first.
const TABLE: [(&[&str], &str); 8] = [
    (&["compromised", "stolen", "fraud", "scam", "not recognised", "did not make"], "fraud"),
    (&["complain", "ombudsman", "unacceptable"], "complaints"),
    (&["passcode", "password", "log in", "verify", "identity", "apple pay", "via app", "phone"], "digital"),
    (&["mortgage", "loan", "credit score", "borrow"], "loans"),
    (&["top up", "topping up", "transfer", "refund", "beneficiary", "direct debit", "receiving money"], "payments"),
    (&["card", "pin", "atm", "cash", "visa", "contactless"], "cards"),
    (&["payment", "charged", "charge"], "payments"),
    (&["account", "balance", "statement", "details", "address", "currency", "exchange", "age limit"], "accounts"),
];

/// The queue for a label such as `card_arrival`, or for a message's text.
pub fn queue_of(label_or_text: &str) -> &'static str {
    let spaced = label_or_text.replace(['_', '-'], " ").to_lowercase();
    let words: Vec<&str> = spaced.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let plain = format!(" {} ", words.join(" "));
    // From the beginning of a word on: "card" also finds "cards", but "pin" not "shopping".
    let points = |(words, _): &&(&[&str], &str)| words.iter().any(|word| plain.contains(&format!(" {word}")));
    TABLE.iter().find(points).map_or(GENERAL, |(_, queue)| queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_point_to_queues() {
        for (label, queue) in [
            ("card_arrival", "cards"),
            ("change_pin", "cards"),
            ("compromised_card", "fraud"),
            ("lost_or_stolen_card", "fraud"),
            ("card_payment_not_recognised", "fraud"),
            ("top_up_by_card_charge", "payments"),
            ("reverted_card_payment?", "cards"),
            ("Refund_not_showing_up", "payments"),
            ("passcode_forgotten", "digital"),
            ("terminate_account", "accounts"),
            ("country_support", "general"),
            ("I went shopping", "general"),
        ] {
            assert_eq!(queue_of(label), queue, "{label}");
        }
    }
}
