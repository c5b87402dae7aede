//! Page tokens: where a list goes on, opaque to callers.
//!
//! Invariant: a token names the last row of the page before it and the list it belongs to, so it stays good while rows
//! come and go, and is good for no other list.

/// The lists that come in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Contacts.
    Contacts,
    /// Agents.
    Agents,
    /// Queues.
    Queues,
    /// Agents as candidates for a contact.
    Candidates,
    /// Queues that an agent may serve.
    Eligibilities,
    /// Supervisors' actions.
    Actions,
    /// Versions of a document.
    Versions,
    /// What is known of agents' empathy.
    Learners,
    /// Statistics of queues.
    Statistics,
}

impl List {
    const fn mark(self) -> char {
        match self {
            Self::Contacts => 'c',
            Self::Agents => 'a',
            Self::Queues => 'q',
            Self::Candidates => 'k',
            Self::Eligibilities => 'e',
            Self::Actions => 's',
            Self::Versions => 'v',
            Self::Learners => 'l',
            Self::Statistics => 't',
        }
    }
}

/// A token for what follows the row of this id; empty if nothing does.
pub fn encode(list: List, last: Option<&str>) -> String {
    let Some(last) = last else { return String::new() };
    let mut token = String::with_capacity(1 + 2 * last.len());
    token.push(list.mark());
    for byte in last.bytes() {
        token.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).expect("a hex digit")));
    }
    token
}

/// The id in a token; `None` if it is no token of this list.
pub fn decode(list: List, token: &str) -> Option<String> {
    let digits = token.strip_prefix(list.mark())?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { String::from_utf8(bytes?).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_id_back_to_its_own_list_only() {
        let token = encode(List::Contacts, Some("call:7/é"));
        assert_eq!(decode(List::Contacts, &token).as_deref(), Some("call:7/é"));
        assert_eq!(decode(List::Agents, &token), None);
        assert_eq!(encode(List::Contacts, None), "");
        for bad in ["", "c6", "c6g", "x61", "cé0"] {
            assert_eq!(decode(List::Contacts, bad), None, "{bad:?}");
        }
    }
}
