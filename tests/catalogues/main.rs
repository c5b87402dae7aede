//! The shipped catalogues: every moment that words can make is made by a message in each of six languages, through the
//! analyser and over a real connection, and what a document says of catalogues counts.
//!
//! Invariant: the messages say nothing but what a customer would; whoever adds a moment that words can make adds six.

use std::collections::{BTreeMap, BTreeSet};

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, config_service_client::ConfigServiceClient,
        contact_service_client::ContactServiceClient, watch_offers_response::Event,
    },
    app::Daemon,
    config::Settings,
    model::{
        document::{Catalogue, Document, Format, Moment, Trigger},
        ids::MomentName,
        signal::Source,
    },
    scoring::text::{Analyser, language::Language},
};
use tonic::transport::Channel;

const LANGUAGES: [&str; 6] = ["en", "vi", "pl", "zh", "zh-Hant", "bn"];

/// A message, the moment that it makes, and the moment's catalogue.
struct Said {
    catalogue: &'static str,
    moment: &'static str,
    language: &'static str,
    text: &'static str,
}

fn messages() -> Vec<Said> {
    let (mut said, mut of) = (Vec::new(), ("", ""));
    for line in include_str!("messages.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(head) => of = head.split_once(' ').expect("a catalogue and a moment"),
            None => {
                let (language, text) = line.split_once('\t').expect("a language and a text");
                said.push(Said { catalogue: of.0, moment: of.1, language, text });
            }
        }
    }
    said
}

fn document_with(more: &str) -> String {
    format!("{more}\n[channels.chat]\n[queues.main]\n")
}

fn read(more: &str) -> Result<Document, String> {
    Document::parse(&document_with(more), Format::Toml).map_err(|error| error.to_string())
}

fn names(document: &Document) -> BTreeSet<&str> {
    document.moments.keys().map(MomentName::as_str).collect()
}

fn moment<'d>(document: &'d Document, name: &str) -> Option<&'d Moment> {
    document.moments.iter().find(|(known, _)| known.as_str() == name).map(|(_, moment)| moment)
}

/// Whether a customer's words alone can make it.
fn is_made_by_words(moment: &Moment, named: &BTreeSet<&str>) -> bool {
    moment.triggers.iter().any(|trigger| match trigger {
        Trigger::Event { event, attributes, from } => {
            let counts = from.is_empty() || from.contains(&Source::Text);
            attributes.is_empty() && counts && named.contains(event.as_str())
        }
        Trigger::Distress(_) | Trigger::Repeats(_) => false,
    })
}

#[test]
fn there_are_six_industries_and_each_moment_that_words_can_make_has_its_messages() {
    let lexicon = &Analyser::embedded().reader(Language::En).lexicon;
    let named: BTreeSet<&str> = lexicon.events().iter().map(String::as_str).collect();
    let mut written: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for said in messages() {
        written.entry((said.catalogue, said.moment)).or_default().push(said.language);
    }
    let (mut used, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for catalogue in Catalogue::ALL {
        let moments = catalogue.moments();
        assert!((10..=20).contains(&moments.len()), "{} has {} moments", catalogue.name(), moments.len());
        for (name, moment) in moments {
            assert!(moment.description.ends_with('.'), "{name} is described in a sentence");
            assert!(moment.skills.is_empty(), "{name} asks skills, which only an operator can name");
            for trigger in &moment.triggers {
                if let Trigger::Event { event, .. } = trigger {
                    used.insert(event.as_str());
                }
            }
            if is_made_by_words(moment, &named) {
                wanted.insert((catalogue.name(), name.as_str()));
                let languages = written.get(&(catalogue.name(), name.as_str()));
                assert_eq!(languages.map(Vec::as_slice), Some(LANGUAGES.as_slice()), "{} {name}", catalogue.name());
            }
        }
    }
    let stray: Vec<_> = written.keys().filter(|of| !wanted.contains(*of)).collect();
    assert!(stray.is_empty(), "messages of moments that there are not: {stray:?}");
    let unused: Vec<_> = named.difference(&used).collect();
    assert!(unused.is_empty(), "the analyser names events that no catalogue uses: {unused:?}");
}

#[tokio::test]
async fn each_moment_is_made_in_every_language() {
    let (_daemon, channel) = open().await;
    let mut contacts = ContactServiceClient::new(channel.clone());
    let mut config = ConfigServiceClient::new(channel);
    let (mut missed, mut in_force) = (Vec::new(), "");
    for (number, Said { catalogue, moment, language, text }) in messages().into_iter().enumerate() {
        if catalogue != in_force {
            apply(&mut config, catalogue).await;
            in_force = catalogue;
        }
        let id = format!("c{number}");
        let enqueue = pb::EnqueueContactRequest {
            request_id: id.clone(),
            contact_id: id.clone(),
            queue: "main".into(),
            channel: "chat".into(),
            text: text.into(),
            text_language: language.into(),
            ..Default::default()
        };
        contacts.enqueue_contact(enqueue).await.expect("the contact is taken");
        let get = pb::GetContactRequest { contact_id: id, ..Default::default() };
        let contact = contacts.get_contact(get).await.expect("it is there").into_inner().contact.expect("a contact");
        let made: Vec<&str> = contact.head_starts.iter().map(|part| part.moment.as_str()).collect();
        if !made.contains(&moment) {
            missed.push(format!("{catalogue} {moment} {language}: {text} makes {made:?}"));
        }
    }
    assert!(missed.is_empty(), "{} are missed:\n{}", missed.len(), missed.join("\n"));
}

async fn open() -> (Daemon, Channel) {
    let daemon = Daemon::start(Settings::passing()).await.expect("the daemon starts");
    let address = format!("http://{}", daemon.addresses().api);
    let channel = Channel::from_shared(address).expect("an address").connect().await.expect("the daemon answers");
    (daemon, channel)
}

async fn apply(config: &mut ConfigServiceClient<Channel>, catalogue: &str) {
    let text = document_with(&format!("catalogues = [{catalogue:?}]"));
    let document = pb::DocumentText { format: pb::DocumentFormat::Toml.into(), text };
    let message =
        pb::ApplyDocumentRequest { request_id: catalogue.into(), document: Some(document), ..Default::default() };
    config.apply_document(message).await.expect("the document is applied");
}

/// The next that an agent is told of a contact: its moments, each with how it is measured.
async fn told(stream: &mut tonic::Streaming<pb::WatchOffersResponse>) -> (&'static str, Vec<(String, bool)>) {
    loop {
        let message = stream.message().await.expect("the stream goes on").expect("something is told");
        let (what, moments) = match message.event {
            Some(Event::Offer(offer)) => {
                assert_eq!(offer.answer_duration.expect("a time").seconds, 30, "the moment's, which is the longer one");
                ("offer", offer.moments)
            }
            Some(Event::ContactUpdated(updated)) => ("update", updated.moments),
            _ => continue,
        };
        let moment = |moment: pb::ContactMoment| {
            assert!(moment.since_time.is_some_and(|since| since.seconds > 1_700_000_000), "{moment:?}");
            let is_untimed = moment.handling() == pb::MomentHandling::Untimed;
            (moment.name, is_untimed)
        };
        return (what, moments.into_iter().map(moment).collect());
    }
}

#[tokio::test]
async fn an_agent_is_told_the_moments_with_the_offer_and_when_they_change() {
    let (_daemon, channel) = open().await;
    let mut contacts = ContactServiceClient::new(channel.clone());
    let mut config = ConfigServiceClient::new(channel.clone());
    apply(&mut config, "bank").await;
    let mut agents = AgentServiceClient::new(channel);
    let profile = Some(pb::AgentProfile::default());
    let put = pb::PutAgentRequest { request_id: "put".into(), agent_id: "ana".into(), profile, ..Default::default() };
    agents.put_agent(put).await.expect("the agent is put");
    let watch = pb::WatchOffersRequest { agent_id: "ana".into(), session_id: "s1".into(), ..Default::default() };
    let mut stream = agents.watch_offers(watch).await.expect("the stream opens").into_inner();
    let available = pb::Presence { state: pb::PresenceState::Available.into(), ..Default::default() };
    let set = pb::SetPresenceRequest {
        request_id: "available".into(),
        agent_id: "ana".into(),
        presence: Some(available),
        ..Default::default()
    };
    agents.set_presence(set).await.expect("the presence is set");

    let facts = |event: &str| {
        let events = vec![pb::JourneyEvent { name: event.into(), ..Default::default() }];
        Some(pb::Facts { events, ..Default::default() })
    };
    let enqueue = pb::EnqueueContactRequest {
        request_id: "c1".into(),
        contact_id: "c1".into(),
        queue: "main".into(),
        channel: "chat".into(),
        facts: facts("vulnerable"),
        ..Default::default()
    };
    contacts.enqueue_contact(enqueue).await.expect("the contact is taken");
    assert_eq!(told(&mut stream).await, ("offer", vec![("vulnerable_customer".into(), true)]));

    let signal = pb::Signal { contact_id: "c1".into(), signal_id: "s1".into(), ..Default::default() };
    let lost = pb::Signal { facts: facts("card_stolen"), ..signal };
    let message = pb::SignalRequest { signal: Some(lost), ..Default::default() };
    contacts.signal(message).await.expect("it is taken");
    let both = vec![("card_stolen".into(), false), ("vulnerable_customer".into(), true)];
    assert_eq!(told(&mut stream).await, ("update", both));
}

#[test]
fn a_document_takes_over_what_it_names_and_changes_it_entry_by_entry() {
    let none = read("").expect("valid");
    assert!(none.moments.is_empty() && none.catalogues.is_empty());
    let bank = read("catalogues = ['bank']").expect("valid");
    let (common, shipped) = (Catalogue::Common.moments(), Catalogue::Bank.moments());
    assert_eq!(bank.moments.len(), common.len() + shipped.len());
    assert_eq!(moment(&bank, "card_lost").expect("shipped").origin, Some(Catalogue::Bank));

    let changed = "catalogues = ['bank', 'telecom', 'bank']
        [moments.card_lost]
        triggers = [{ event = 'card_gone' }]
        [moments.card_blocked]
        off = true
        [moments.branch_closed]
        triggers = [{ event = 'branch_closed' }]";
    let changed = read(changed).expect("valid");
    let own = moment(&changed, "card_lost").expect("its own");
    assert_eq!((own.origin, own.head_start.to_string().as_str(), own.triggers.len()), (None, "90s", 1));
    assert!(moment(&changed, "card_blocked").is_none() && moment(&changed, "branch_closed").is_some());
    // Both have one of this name: that of the catalogue named later counts.
    assert_eq!(moment(&changed, "phone_gone").expect("shipped").origin, Some(Catalogue::Telecom));
    let telecom = read("catalogues = ['telecom', 'common']").expect("valid");
    assert!(names(&telecom).contains("self_harm") && !names(&telecom).contains("card_lost"));
}

#[test]
fn what_cannot_be_left_out_or_is_no_catalogue_is_told() {
    let refused = |more: &str| read(more).expect_err("it is refused");
    let known = "must be \"common\", \"airline\", \"bank\", \"telecom\", \"utility\", \"retail\" or \"health\"";
    assert_eq!(refused("catalogues = ['banks']"), format!("catalogues[0]: is \"banks\"; {known}"));
    assert_eq!(
        refused("catalogues = ['bank']\n[moments.card_stollen]\noff = true"),
        "moments.card_stollen: names \"card_stollen\", which is not defined under catalogues; \
         did you mean \"card_stolen\"?"
    );
    assert_eq!(
        refused("catalogues = ['bank']\n[moments.card_stolen]\noff = true\nweight = 5"),
        "moments.card_stolen: is off, so that nothing else can be said of it; write off = true alone"
    );
    assert_eq!(
        refused("[moments.dear]\ntriggers = [{ event = 'dear' }]\nskills = { biling = 60 }\n[skills]\nbilling = ''"),
        "moments.dear.skills.biling: names \"biling\", which is not defined under skills; did you mean \"billing\"?"
    );
}
