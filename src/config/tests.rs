//! Loading settings: what wins, and what is said of what is wrong.

use std::{collections::BTreeSet, fs, path::Path};

use clap::{Args, Command};
use tempfile::TempDir;

use crate::telemetry::spans;

use super::*;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn file(text: &str) -> (TempDir, Flags) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("attuned.toml");
    fs::write(&path, text).unwrap();
    (dir, Flags { config: Some(path), ..Flags::default() })
}

fn load(
    flags: &Flags,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<(Settings, Provenance), SettingsError> {
    let loaded = Sources::new(flags.clone(), env).load()?;
    Ok((loaded.settings, loaded.provenance))
}

/// What is wrong, with the file's own path cut down to its name.
fn problems(dir: &Path, result: Result<(Settings, Provenance), SettingsError>) -> Vec<String> {
    let dir = format!("{}/", dir.display());
    result.unwrap_err().0.iter().map(|problem| problem.to_string().replace(&dir, "")).collect()
}

#[test]
fn without_anything_the_defaults_hold() {
    let (settings, provenance) = load(&Flags::default(), env(&[("HOME", "x")])).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(provenance, Provenance::default());
}

#[test]
fn the_table_says_what_the_defaults_are() {
    for key in KEYS {
        let mut settings = Settings::default();
        (key.set)(&mut settings, key.default).unwrap();
        assert_eq!(settings, Settings::default(), "{}", key.name);
        assert_eq!((key.get)(&settings), key.default, "a value is written as it is read");
        key.copy(&Settings::default(), &mut settings);
        assert!(key.help.ends_with('.'), "{}", key.name);
    }
}

#[test]
fn flags_are_the_keys_of_the_table() {
    let command = Flags::augment_args(Command::new("attuned"));
    let flags: BTreeSet<String> =
        command.get_arguments().filter_map(|flag| flag.get_long()).map(|long| format!("--{long}")).collect();
    let others = ["--config", "--tenant"].map(str::to_owned);
    assert_eq!(flags, KEYS.iter().map(Key::flag).chain(others).collect());
    for key in KEYS {
        let flag =
            command.get_arguments().find(|flag| format!("--{}", flag.get_long().unwrap()) == key.flag()).unwrap();
        let help = flag.get_help().unwrap().to_string();
        assert!(help.contains(&format!("[env: {}]", key.env())), "{help}");
        assert!(help.contains(&format!("[default: {}]", key.default)), "{help}");
    }
}

#[test]
fn the_file_gives_way_to_the_environment_and_that_to_flags() {
    let (dir, mut flags) = file("listen = '0.0.0.0:1'\ndrain_secs_max = 5\n[log]\nformat = 'json'\nlevel = 'warn'\n");
    flags.listen = Some("0.0.0.0:3".to_owned());
    let env = env(&[("ATTUNE_LISTEN", "0.0.0.0:2"), ("ATTUNE_LOG_LEVEL", "debug")]);
    let (settings, provenance) = load(&flags, env).unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.log_level, "debug");
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.drain_max, Duration::from_secs(5));
    let origin = |key: &str| provenance.origin(key).to_string().replace(&format!("{}/", dir.path().display()), "");
    assert_eq!(origin("listen"), "--listen");
    assert_eq!(origin("log.level"), "ATTUNE_LOG_LEVEL");
    assert_eq!(origin("log.format"), "attuned.toml:4:1");
    assert_eq!(origin("admin.listen"), "default");
}

#[test]
fn every_problem_is_named_with_its_place_and_what_was_probably_meant() {
    let (dir, mut flags) = file(
        "lisen = 'x'\n[log]\nfromat = 'json'\nformat = 'xml'\nlevel = ['info']\n\n[tenants.acme]\ndocumnt = 'x'\n[metrik]\n\
         [admin]\nlevel = 'attune=loud'\n[tenants.beta]\n  document = 3.5\n",
    );
    flags.drain_secs_max = Some("601".to_owned());
    flags.tenants = vec!["two words=x".to_owned()];
    let found = problems(dir.path(), load(&flags, env(&[("ATTUNE_ADMIN_LISTEN", "localhost")])));
    let expected = [
        "attuned.toml:1:1: lisen is not a setting; did you mean \"listen\"?",
        "attuned.toml:3:1: log.fromat is not a setting; did you mean \"log.format\"?",
        "attuned.toml:4:1: log.format is \"xml\", which is neither text nor json",
        "attuned.toml:5:1: log.level must be a text or a number, not array",
        "attuned.toml:8:1: tenants.acme.documnt is not a setting; did you mean \"document\"?",
        "attuned.toml:9:2: metrik is not a setting",
        "attuned.toml:11:1: admin.level is not a setting; did you mean \"log.level\"?",
        "attuned.toml:13:3: tenants.beta.document must be a text: a file's name, not float",
        "ATTUNE_ADMIN_LISTEN: admin.listen is \"localhost\", which is no address and port such as 127.0.0.1:7700",
        "--drain-secs-max: drain_secs_max is \"601\", which is no whole number from 0 to 600",
        "--tenant: tenants has the name \"two words\", which contains ' '",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{expected}\nis not {found}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_laid_to_whoever_named_it() {
    let missing = env(&[("ATTUNE_CONFIG", "nowhere.toml")]);
    let error = load(&Flags::default(), missing).unwrap_err();
    assert!(error.0[0].to_string().starts_with("ATTUNE_CONFIG: names nowhere.toml, which cannot be read"), "{error}");
    let (dir, flags) = file("listen = \n[log]\nlevel = 'info'\nlevel = 'warn'\n");
    let found = problems(dir.path(), load(&flags, env(&[])));
    assert!(found[0].starts_with("attuned.toml:1:10: is not valid TOML"), "{found:?}");
    assert!(found[1].starts_with("attuned.toml:4:1: is not valid TOML"), "all places at once: {found:?}");
}

#[test]
fn a_variable_that_is_no_setting_is_a_warning() {
    let service = env(&[("ATTUNE_LISTN", "x"), ("ATTUNE_PORT_7700_TCP", "tcp://10.0.0.1:7700")]);
    let (_, provenance) = load(&Flags::default(), service).unwrap();
    assert_eq!(
        provenance.warnings,
        [
            "the variable ATTUNE_LISTN is not a setting; did you mean ATTUNE_LISTEN?",
            "the variable ATTUNE_PORT_7700_TCP is not a setting"
        ]
    );
}

#[test]
fn tenants_come_from_all_three_and_their_files_lie_beside_the_settings() {
    let (dir, mut flags) = file("[tenants.acme]\ndocument = 'acme.toml'\n[tenants.beta]\n");
    flags.tenants = vec!["gamma".to_owned()];
    let (settings, _) = load(&flags, env(&[("ATTUNE_TENANTS", "beta=b.json, delta")])).unwrap();
    let found: Vec<(&str, &DocumentSource)> = settings.tenants.iter().map(|(id, at)| (id.as_str(), at)).collect();
    assert_eq!(
        found,
        [
            ("acme", &DocumentSource::File(dir.path().join("acme.toml"))),
            ("beta", &DocumentSource::File("b.json".into())),
            ("delta", &DocumentSource::Embedded),
            ("gamma", &DocumentSource::Embedded),
        ]
    );
}

#[test]
fn one_port_cannot_serve_both() {
    let error = load(&Flags::default(), env(&[("ATTUNE_LISTEN", "127.0.0.1:7701")])).unwrap_err();
    assert_eq!(error.0[0].origin, Origin::Env("ATTUNE_LISTEN".to_owned()));
    let any = env(&[("ATTUNE_LISTEN", "127.0.0.1:0"), ("ATTUNE_ADMIN_LISTEN", "127.0.0.1:0")]);
    assert!(load(&Flags::default(), any).is_ok());
}

#[test]
fn the_example_file_has_every_key_at_its_default() {
    let text = include_str!("../../deploy/attuned.toml");
    let (_dir, flags) = file(text);
    let (settings, provenance) = load(&flags, env(&[])).unwrap();
    assert_eq!(settings, Settings::default());
    let set: BTreeSet<&str> = provenance.origins.keys().map(String::as_str).collect();
    assert_eq!(set, KEYS.iter().map(|key| key.name).collect());
}

#[test]
fn the_table_says_what_values_look_like() {
    for key in KEYS {
        let takes = |text: &str| (key.set)(&mut Settings::default(), text).is_ok();
        match key.form {
            Form::Address => assert!(takes("[::1]:1") && !takes("localhost:1"), "{}", key.name),
            Form::Number { least, most } => {
                assert!(takes(&least.to_string()) && takes(&most.to_string()), "{}", key.name);
                assert!(!takes(&(most + 1).to_string()) && (least == 0 || !takes(&(least - 1).to_string())));
                assert!(key.help.contains(&format!("{least}-{most}")), "{}", key.help);
            }
            Form::Word(words) => assert!(words.iter().all(|word| takes(word)) && !takes("otherwise"), "{}", key.name),
            Form::Text => assert!(takes(key.default), "{}", key.name),
        }
    }
}

#[test]
fn spans_need_an_address_and_a_program_that_can_send_them() {
    let set = |text| load(&Flags::default(), env(&[("ATTUNE_TRACING_OTLP_ENDPOINT", text)]));
    assert_eq!(set("off").unwrap().0.tracing.otlp_endpoint, None);
    for wrong in ["collector", "ftp://collector", "http:/"] {
        assert!(set(wrong).unwrap_err().to_string().contains("http://127.0.0.1:4317"), "{wrong:?}");
    }
    let sent = set("http://collector:4317").map(|(settings, _)| settings.tracing.otlp_endpoint);
    match spans::CAN_SEND {
        true => assert_eq!(sent.unwrap().as_deref(), Some("http://collector:4317")),
        false => assert!(sent.unwrap_err().to_string().contains("the feature otlp")),
    }
}

#[test]
fn the_schema_is_kept_in_step() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/schema/settings.schema.json");
    if std::env::var_os("SCHEMA_UPDATE").is_some() {
        fs::write(&path, schema()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, schema(), "SCHEMA_UPDATE=1 cargo test the_schema_is_kept_in_step writes it anew");
    let schema: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(schema["properties"]["log"]["properties"]["format"]["enum"], serde_json::json!(["text", "json"]));
    assert_eq!(schema["properties"]["drain_secs_max"]["maximum"], 600);
}

#[test]
fn what_is_in_force_is_told_with_its_place() {
    let (_dir, flags) = file("drain_secs_max = 5\n[tenants.acme]\n");
    let loaded = Sources::new(flags, env(&[("ATTUNE_LOG_LEVEL", "warn")])).load().unwrap();
    let effective: BTreeMap<String, serde_json::Value> =
        loaded.effective().iter().map(|value| (value.key.clone(), value.to_json())).collect();
    assert_eq!(effective.len(), KEYS.len() + 1);
    assert_eq!(effective["drain_secs_max"]["value"], 5);
    assert_eq!(effective["drain_secs_max"]["origin"]["line"], 1);
    assert_eq!(effective["log.level"]["origin"], serde_json::json!({"kind": "env", "name": "ATTUNE_LOG_LEVEL"}));
    assert_eq!(effective["listen"]["origin"]["kind"], "default");
    assert_eq!(effective["listen"]["reload"], "restart");
    assert_eq!(effective["tenants.acme.document"]["value"], "(embedded)");
}
