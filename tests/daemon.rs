//! The daemon as a whole: it starts on any port, is ready, serves, reads its settings again, and stops.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use attune::{
    api::pb::{self, config_service_client::ConfigServiceClient},
    app::{Daemon, ReloadError, StartError, Stop},
    config::{DocumentSource, Flags, Settings, Sources},
    model::ids::TenantId,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{
    Request,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_prost::ProstCodec;

fn settings() -> Settings {
    Settings { drain_max: Duration::from_secs(5), ..Settings::passing() }
}

async fn connect(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

async fn fetch(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_daemon_that_has_started_is_ready_and_stops_in_time() {
    let daemon = Daemon::start(settings()).await.unwrap();
    let addresses = daemon.addresses();
    let ready = fetch(addresses.admin, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.0 200"), "{ready}");
    let metrics = fetch(addresses.admin, "/metrics").await;
    assert!(metrics.contains("attune_durability_info{mode=\"memory\"} 1"), "{metrics}");

    let channel = connect(addresses.api).await;
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);

    assert_eq!(daemon.shutdown().await, Stop::Drained);
    assert!(TcpStream::connect(addresses.api).await.is_err(), "nobody listens any more");
    assert!(TcpStream::connect(addresses.admin).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_setting() {
    let daemon = Daemon::start(settings()).await.unwrap();
    let taken = Settings { admin_listen: daemon.addresses().admin, ..settings() };
    match Daemon::start(taken).await.map(drop) {
        Err(error @ StartError::Listen { setting: "admin.listen", .. }) => {
            assert!(error.to_string().starts_with("admin.listen 127.0.0.1:"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    daemon.shutdown().await;
}

#[tokio::test]
async fn a_wrong_document_is_named_with_its_tenant_and_file_before_any_port_opens() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("acme.toml");
    fs::write(&path, "[queues.billing]\npriorty = '5s'\n").unwrap();
    let acme = TenantId::new("acme").unwrap();
    let with = |source| Settings { tenants: [(acme.clone(), source)].into(), ..settings() };

    let error = Daemon::start(with(DocumentSource::File(path))).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("tenant acme") || error.contains("tenant \"acme\""), "{error}");
    assert!(error.contains("acme.toml") && error.contains("queues.billing.priorty"), "{error}");
    let missing = with(DocumentSource::File(dir.path().join("nowhere.toml")));
    assert!(Daemon::start(missing).await.map(drop).unwrap_err().to_string().contains("nowhere.toml"));
}

/// Settings and a routing document in files, which can be changed.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { dir: TempDir::new().unwrap() };
        files.document("# first\n");
        files.settings("");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The embedded routing document with something before it.
    fn document(&self, more: &str) {
        let text = format!("{more}{}", include_str!("../src/model/document/default.toml"));
        fs::write(self.path("acme.toml"), text).unwrap();
    }

    fn settings(&self, more: &str) {
        let any = "listen = '127.0.0.1:0'\nadmin.listen = '127.0.0.1:0'\ntenants.acme.document = 'acme.toml'\n";
        fs::write(self.path("attuned.toml"), format!("{any}{more}")).unwrap();
    }

    fn sources(&self) -> Sources {
        let journal_durability = Some("memory".to_owned());
        Sources::new(Flags { config: Some(self.path("attuned.toml")), journal_durability, ..Flags::default() }, [])
    }
}

async fn version(address: SocketAddr) -> u64 {
    let message = pb::GetDocumentRequest { tenant: "acme".into(), ..Default::default() };
    let mut config = ConfigServiceClient::new(connect(address).await);
    config.get_document(message).await.unwrap().into_inner().version
}

#[tokio::test]
async fn a_reload_takes_what_it_can_and_names_what_needs_a_restart() {
    let files = Files::new();
    let sources = files.sources();
    let mut daemon = Daemon::start(sources.load().unwrap()).await.unwrap();
    let addresses = daemon.addresses();
    assert_eq!(daemon.reload(&sources).await.unwrap(), Default::default(), "nothing has changed");
    assert_eq!(version(addresses.api).await, 1);

    files.settings("drain_secs_max = 7\nmetrics.queues_max = 3\n[tenants.beta]\n");
    files.document("# second\n");
    let reloaded = daemon.reload(&sources).await.unwrap();
    assert_eq!(reloaded.changed, ["drain_secs_max"]);
    assert_eq!(reloaded.documents, [(TenantId::new("acme").unwrap(), 2)]);
    assert_eq!(reloaded.need_restart, ["metrics.queues_max", "tenants"]);
    assert_eq!(version(addresses.api).await, 2);

    let shown = fetch(addresses.admin, "/config").await;
    let shown: Value = serde_json::from_str(shown.split_once("\r\n\r\n").unwrap().1).unwrap();
    let find = |key: &str| {
        let mut all = shown["settings"].as_array().unwrap().iter();
        all.find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("{key} is not in {shown}")).clone()
    };
    assert_eq!(find("drain_secs_max")["value"], 7);
    assert_eq!(find("drain_secs_max")["origin"]["line"], 4);
    assert_eq!(find("metrics.queues_max")["value"], 1_000, "in force until the restart");
    assert_eq!(find("metrics.queues_max")["origin"]["kind"], "default");

    // The same again: the document is not applied twice, and what waits for a restart is named again.
    let again = daemon.reload(&sources).await.unwrap();
    assert!(again.documents.is_empty() && again.changed.is_empty() && again.need_restart.len() == 2, "{again:?}");
    daemon.shutdown().await;
}

#[tokio::test]
async fn a_reload_with_anything_wrong_changes_nothing() {
    let files = Files::new();
    let sources = files.sources();
    let mut daemon = Daemon::start(sources.load().unwrap()).await.unwrap();
    let addresses = daemon.addresses();
    let shown = async || fetch(addresses.admin, "/config").await.split_once("\r\n\r\n").unwrap().1.to_owned();
    let before = shown().await;

    files.document("# second\n");
    files.settings("drain_secs_max = 7\nlog.levle = 'warn'\n");
    let error = daemon.reload(&sources).await.unwrap_err();
    assert!(matches!(error, ReloadError::Settings(_)) && error.to_string().contains("log.level"), "{error}");

    files.settings("drain_secs_max = 7\n");
    files.document("nonsense = 1\n");
    let error = daemon.reload(&sources).await.unwrap_err();
    assert!(matches!(error, ReloadError::Documents(_)) && error.to_string().contains("nonsense"), "{error}");

    assert_eq!(version(addresses.api).await, 1);
    assert_eq!(shown().await, before);
    daemon.shutdown().await;
}

/// `attuned` as a process.
struct Process {
    child: Child,
    /// Its log, line by line.
    log: Receiver<Value>,
    api: SocketAddr,
    admin: SocketAddr,
}

fn read_log(log: ChildStderr) -> Receiver<Value> {
    let (lines, log_lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    log_lines
}

fn attuned() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attuned"));
    command.env_clear().env("ATTUNE_JOURNAL_DURABILITY", "memory");
    command
}

impl Process {
    /// Starts it and waits until it is ready.
    fn start(config: &Path, more: &[&str]) -> Self {
        let mut command = attuned();
        command.args(["--log-format", "json", "--config"]).arg(config).args(more);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = read_log(child.stderr.take().unwrap());
        let nowhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut process = Self { child, log, api: nowhere, admin: nowhere };
        let ready = process.log_until("ready");
        process.api = ready["api"].as_str().unwrap().parse().unwrap();
        process.admin = ready["admin"].as_str().unwrap().parse().unwrap();
        process
    }

    /// Reads the log up to a line with these words.
    fn log_until(&mut self, words: &str) -> Value {
        self.log_until_line(|line| line["message"].as_str().unwrap_or_default().contains(words))
    }

    fn log_until_line(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        loop {
            match self.log.recv_timeout(Duration::from_secs(30)) {
                Ok(line) if is_it(&line) => return line,
                Ok(line) => seen.push(line.to_string()),
                Err(error) => panic!("{error}; the log had only:\n{}", seen.join("\n")),
            }
        }
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    fn end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn either_signal_drains_and_ends_well() {
    let files = Files::new();
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(&files.path("attuned.toml"), &[]);
        process.signal(signal);
        let stopping = process.log_until("asked to stop");
        assert_eq!(stopping["signal"], format!("SIG{signal}"));
        process.log_until("stopped");
        assert_eq!(process.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

/// A call that never ends: its message never comes. Under way when this returns.
async fn endless_call(process: &Process) -> tokio::task::JoinHandle<()> {
    let mut client = Grpc::new(connect(process.api).await);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/attune.v1.ContactService/EnqueueContact");
    let codec = ProstCodec::<pb::EnqueueContactRequest, pb::EnqueueContactResponse>::default();
    let messages = Request::new(tokio_stream::pending());
    let mut other = HealthClient::new(connect(process.api).await);
    let call = tokio::spawn(async move { drop(client.client_streaming(messages, path, codec).await) });
    // Another call of a later connection is answered: the server has seen the first.
    other.check(HealthCheckRequest::default()).await.unwrap();
    call
}

#[tokio::test]
async fn a_call_that_never_ends_is_cut_off_at_the_limit() {
    let files = Files::new();
    let mut process = Process::start(&files.path("attuned.toml"), &["--drain-secs-max", "1"]);
    let call = endless_call(&process).await;
    let asked = Instant::now();
    process.signal("TERM");
    process.log_until("calls under way are cut off");
    process.log_until("stopped");
    assert_eq!(process.end().code(), Some(1));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    call.await.unwrap();
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let files = Files::new();
    let mut process = Process::start(&files.path("attuned.toml"), &["--drain-secs-max", "600"]);
    let call = endless_call(&process).await;
    process.signal("TERM");
    process.log_until("draining");
    process.signal("INT");
    process.log_until("asked again");
    assert_eq!(process.end().code(), Some(130));
    call.await.unwrap();
}

#[tokio::test]
async fn hanging_up_has_the_settings_read_again() {
    let files = Files::new();
    let mut process = Process::start(&files.path("attuned.toml"), &[]);
    let metrics = fetch(process.admin, "/metrics").await;
    assert!(metrics.contains("attune_reload_last_successful 1"), "{metrics}");

    files.settings("log.level = 'info,attune::shard=dbug'\n");
    process.signal("HUP");
    let failed = process.log_until("nothing was changed");
    assert!(failed["message"].as_str().unwrap().contains("attuned.toml:4:5: log.level is not a filter"), "{failed}");
    let metrics = fetch(process.admin, "/metrics").await;
    assert!(metrics.contains("attune_reload_last_successful 0"), "{metrics}");
    assert!(metrics.contains("attune_reloads_total{result=\"failed\"} 1"), "{metrics}");

    files.settings("log.level = 'info,h2=debug'\nlog.format = 'text'\nmetrics.queues_max = 9\n");
    files.document("# second\n");
    process.signal("HUP");
    assert_eq!(process.log_until("routing document applied")["version"], 2);
    assert_eq!(process.log_until("needs a restart")["key"], "metrics.queues_max", "the format is a flag's");
    assert_eq!(process.log_until("settings read again")["changed"], "log.level");
    assert_eq!(version(process.api).await, 2);
    process.log_until_line(|line| line["level"] == "DEBUG" && line["target"].as_str().unwrap().starts_with("h2"));
    let metrics = fetch(process.admin, "/metrics").await;
    assert!(metrics.contains("attune_reload_last_successful 1"), "{metrics}");
    assert!(metrics.contains("attune_reloads_total{result=\"applied\"} 1"), "{metrics}");

    process.signal("TERM");
    assert_eq!(process.end().code(), Some(0));
}

fn check(config: &Path, more: &[&str]) -> Output {
    attuned().arg("check").arg("--config").arg(config).args(more).output().unwrap()
}

#[test]
fn checking_names_everything_that_is_wrong_and_starts_nothing() {
    let files = Files::new();
    let fine = check(&files.path("attuned.toml"), &["--drain-secs-max", "5"]);
    let stdout = String::from_utf8(fine.stdout).unwrap();
    assert!(fine.status.success() && fine.stderr.is_empty(), "{stdout}");
    let lines: Vec<Vec<&str>> = stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["drain_secs_max", "5", "--drain-secs-max"]), "{stdout}");
    assert!(lines.contains(&vec!["log.format", "text", "default"]), "{stdout}");
    assert!(stdout.contains("attuned.toml:1:1") && stdout.contains("acme.toml: 9 queues"), "{stdout}");

    files.document("catalogues = [\"bank\"]\n");
    let warned = check(&files.path("attuned.toml"), &[]);
    let stderr = String::from_utf8(warned.stderr).unwrap();
    assert!(warned.status.success() && stderr.contains("acme.toml:1:1: warning: catalogues: says what"), "{stderr}");

    files.settings("drain_secs = 3\n");
    files.document("nonsense = 1\n");
    let wrong = check(&files.path("attuned.toml"), &["--log-format", "xml"]);
    assert_eq!(wrong.status.code(), Some(2));
    let stderr = String::from_utf8(wrong.stderr).unwrap();
    for expected in [
        "attuned.toml:4:1: drain_secs is not a setting; did you mean \"drain_secs_max\"?",
        "--log-format: log.format is \"xml\", which is neither text nor json",
        "acme.toml:1:1: nonsense: ",
        "3 things are wrong",
    ] {
        assert!(stderr.contains(expected), "{expected} is not in {stderr}");
    }

    let json = check(&files.path("attuned.toml"), &["--format", "json"]);
    assert_eq!(json.status.code(), Some(2));
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["valid"], false);
    assert_eq!(json["problems"][0]["origin"]["column"], 1);
    assert_eq!(json["documents"][0]["violations"][0]["path"], "nonsense");
    assert_eq!(json["documents"][0]["violations"][0]["line"], 1);
}

#[test]
fn the_schema_is_printed_as_it_ships() {
    let printed = attuned().arg("schema").output().unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), include_str!("../deploy/schema/settings.schema.json"));
}

#[test]
fn the_doctor_looks_at_ports_and_the_machine() {
    let files = Files::new();
    let doctor = |more: &[&str]| {
        let mut command = attuned();
        command.args(["doctor", "--format", "json", "--config"]).arg(files.path("attuned.toml")).args(more);
        let output = command.output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), found)
    };
    let (code, found) = doctor(&[]);
    assert_eq!((code, &found["healthy"]), (Some(0), &Value::Bool(true)), "{found}");
    let checks: Vec<&str> =
        found["checks"].as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    for check in ["settings", "documents", "ports", "clocks", "processors"] {
        assert!(checks.contains(&check), "{check} is not in {checks:?}");
    }

    let running = Process::start(&files.path("attuned.toml"), &[]);
    let (api, admin) = (running.api.to_string(), running.admin.to_string());
    let (code, found) = doctor(&["--listen", &api, "--admin-listen", &admin]);
    assert_eq!((code, &found["healthy"]), (Some(1), &Value::Bool(false)), "{found}");
    let taken = found["checks"].as_array().unwrap().iter().find(|one| one["state"] == "fail").unwrap();
    assert!(taken["advice"].as_str().unwrap().contains("an attuned runs here already"), "{taken}");
}
