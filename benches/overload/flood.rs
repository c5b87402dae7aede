//! A load that costs next to nothing: unary calls written as HTTP/2 frames, many in one write, at their scheduled times
//! whatever comes back.
//!
//! A client library takes as long for a call as a server does, so on the same two cores it could never overload one. Not
//! here: anything of HTTP/2 that the measured calls do not need (one path, small messages, no compression tables).

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use prost::Message;

/// How often due calls are written.
const TICK: Duration = Duration::from_micros(500);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What became of the calls of one flood.
pub struct Flooded {
    pub taken: u64,
    pub refused: u64,
    /// Calls without an answer when the flood's patience ended.
    pub unanswered: u64,
    pub seconds: f64,
    /// From sending to the answer, of calls that were taken.
    pub taken_us: Histogram<u64>,
    pub refused_us: Histogram<u64>,
    /// From a call's scheduled time to sending: how late the load itself was.
    pub late_us: Histogram<u64>,
}

/// How calls are sent.
#[derive(Clone, Copy)]
pub enum Pace {
    /// So many a second.
    Open(u64),
    /// So many at once, each replaced when it is answered.
    Closed(usize),
}

/// Connections to one address, each with a thread that writes and one that reads.
pub struct Flood {
    lines: Vec<Line>,
}

struct Line {
    stream: TcpStream,
    /// The next stream's number.
    next_stream: u32,
    /// Bytes that the server still takes on this connection.
    window: Arc<AtomicI64>,
    /// What has arrived of an answer.
    rest: Vec<u8>,
}

/// A call's message, by its number.
pub type Make<'a> = &'a (dyn Fn(u64) -> Vec<u8> + Sync);

impl Flood {
    pub fn open(address: SocketAddr, connections: usize) -> Self {
        let line = || {
            let mut stream = TcpStream::connect(address).expect("the daemon answers");
            stream.set_nodelay(true).expect("a socket takes it");
            stream.write_all(PREFACE).expect("the daemon reads");
            let mut hello = Vec::new();
            frame(&mut hello, SETTINGS, 0, 0, &[]);
            // Answers are small: two gigabytes are enough for any run.
            frame(&mut hello, WINDOW_UPDATE, 0, 0, &(i32::MAX as u32 - 65_535).to_be_bytes());
            stream.write_all(&hello).expect("the daemon reads");
            Line { stream, next_stream: 1, window: Arc::new(AtomicI64::new(65_535)), rest: Vec::new() }
        };
        Self { lines: (0..connections).map(|_| line()).collect() }
    }

    /// Sends calls for so long, and waits a moment for what is under way.
    pub fn run(&mut self, path: &str, pace: Pace, span: Duration, first: u64, make: Make<'_>) -> Flooded {
        let count = self.lines.len() as u64;
        let began = Instant::now();
        let results: Vec<Flooded> = thread::scope(|scope| {
            let lines = self.lines.iter_mut().zip(0..);
            let running: Vec<_> = lines
                .map(|(line, at)| {
                    let pace = match pace {
                        Pace::Open(rate) => Pace::Open(rate / count),
                        Pace::Closed(calls) => Pace::Closed(calls / count as usize),
                    };
                    scope.spawn(move || line.run(path, pace, span, &|number| make(first + number * count + at)))
                })
                .collect();
            running.into_iter().map(|running| running.join().expect("a line runs through")).collect()
        });
        let mut all = Flooded {
            taken: 0,
            refused: 0,
            unanswered: 0,
            seconds: began.elapsed().min(span).as_secs_f64(),
            taken_us: histogram(),
            refused_us: histogram(),
            late_us: histogram(),
        };
        for line in results {
            all.taken += line.taken;
            all.refused += line.refused;
            all.unanswered += line.unanswered;
            all.taken_us.add(&line.taken_us).expect("equal bounds");
            all.refused_us.add(&line.refused_us).expect("equal bounds");
            all.late_us.add(&line.late_us).expect("equal bounds");
        }
        all
    }
}

/// What writer and reader of a line share.
struct Sent {
    began: Instant,
    /// When each call was sent, in microseconds.
    sent_us: Vec<AtomicU64>,
    first_stream: u32,
    answered: AtomicU64,
    sent: AtomicU64,
    over: AtomicBool,
}

impl Line {
    fn run(&mut self, path: &str, pace: Pace, span: Duration, make: Make<'_>) -> Flooded {
        let most = match pace {
            Pace::Open(rate) => rate as usize * span.as_millis() as usize / 1_000 + 1,
            Pace::Closed(_) => 4_000_000,
        };
        let sent = Sent {
            began: Instant::now(),
            sent_us: (0..most).map(|_| AtomicU64::new(0)).collect(),
            first_stream: self.next_stream,
            answered: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            over: AtomicBool::new(false),
        };
        let mut reading = self.stream.try_clone().expect("a socket can be shared");
        reading.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket takes it");
        let mut rest = std::mem::take(&mut self.rest);
        let window = Arc::clone(&self.window);
        let mut late_us = histogram();
        let mut flooded = thread::scope(|scope| {
            let reader = scope.spawn(|| read(&mut reading, &mut rest, &window, &sent));
            self.write(path, pace, span, make, &sent, &mut late_us);
            let patience = Instant::now() + Duration::from_secs(2);
            while sent.answered.load(Relaxed) < sent.sent.load(Relaxed) && Instant::now() < patience {
                thread::sleep(Duration::from_millis(1));
            }
            sent.over.store(true, Relaxed);
            reader.join().expect("the reader reads through")
        });
        self.rest = rest;
        flooded.late_us = late_us;
        flooded
    }

    fn write(
        &mut self,
        path: &str,
        pace: Pace,
        span: Duration,
        make: Make<'_>,
        sent: &Sent,
        late_us: &mut Histogram<u64>,
    ) {
        let block = headers(path);
        let mut bytes = Vec::new();
        let mut number = 0;
        while sent.began.elapsed() < span && (number as usize) < sent.sent_us.len() {
            bytes.clear();
            let now_us = sent.began.elapsed().as_micros() as u64;
            let due = match pace {
                Pace::Open(rate) => (now_us * rate / 1_000_000).min(sent.sent_us.len() as u64),
                Pace::Closed(calls) => sent.answered.load(Relaxed) + calls as u64,
            };
            while number < due && self.window.load(Relaxed) > 1_024 {
                if let Pace::Open(rate) = pace {
                    late_us.saturating_record(now_us.saturating_sub(number * 1_000_000 / rate));
                }
                sent.sent_us[number as usize].store(now_us, Relaxed);
                let message = make(number);
                frame(&mut bytes, HEADERS, END_HEADERS, self.next_stream, &block);
                let mut data = vec![0];
                data.extend((message.len() as u32).to_be_bytes());
                data.extend(message);
                frame(&mut bytes, DATA, END_STREAM, self.next_stream, &data);
                self.window.fetch_sub(data.len() as i64, Relaxed);
                self.next_stream += 2;
                number += 1;
            }
            sent.sent.store(number, Relaxed);
            if bytes.is_empty() {
                thread::sleep(TICK);
            } else {
                self.stream.write_all(&bytes).expect("the daemon reads");
            }
        }
    }
}

fn read(stream: &mut TcpStream, rest: &mut Vec<u8>, window: &AtomicI64, sent: &Sent) -> Flooded {
    let mut flooded = Flooded {
        taken: 0,
        refused: 0,
        unanswered: 0,
        seconds: 0.0,
        taken_us: histogram(),
        refused_us: histogram(),
        late_us: histogram(),
    };
    let mut buffer = vec![0; 1 << 16];
    let mut replies = Vec::new();
    // Whose answer has a message; a refusal has none.
    let mut answers = vec![false; sent.sent_us.len()];
    while !sent.over.load(Relaxed) {
        let read = match stream.read(&mut buffer) {
            Ok(0) => panic!("the daemon closed the connection"),
            Ok(read) => read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(error) => panic!("the connection broke: {error}"),
        };
        let now_us = sent.began.elapsed().as_micros() as u64;
        rest.extend_from_slice(&buffer[..read]);
        let mut at = 0;
        while let Some(head) = rest.get(at..at + 9) {
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let (kind, flags) = (head[3], head[4]);
            let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
            let Some(body) = rest.get(at + 9..at + 9 + length) else { break };
            match kind {
                DATA if id >= sent.first_stream => answers[((id - sent.first_stream) / 2) as usize] = true,
                HEADERS if flags & END_STREAM != 0 && id >= sent.first_stream => {
                    let call = ((id - sent.first_stream) / 2) as usize;
                    let latency = now_us.saturating_sub(sent.sent_us[call].load(Relaxed));
                    if answers[call] {
                        flooded.taken += 1;
                        flooded.taken_us.saturating_record(latency);
                    } else {
                        flooded.refused += 1;
                        flooded.refused_us.saturating_record(latency);
                    }
                    sent.answered.fetch_add(1, Relaxed);
                }
                WINDOW_UPDATE if id == 0 => {
                    let more = u32::from_be_bytes(body.try_into().expect("four bytes"));
                    window.fetch_add(i64::from(more), Relaxed);
                }
                SETTINGS if flags & ACK == 0 => frame(&mut replies, SETTINGS, ACK, 0, &[]),
                PING if flags & ACK == 0 => frame(&mut replies, PING, ACK, 0, body),
                GO_AWAY => panic!("the daemon says go away: {:?}", String::from_utf8_lossy(body)),
                _ => {}
            }
            at += 9 + length;
        }
        rest.drain(..at);
        if !replies.is_empty() {
            stream.write_all(&replies).expect("the daemon reads");
            replies.clear();
        }
    }
    flooded.unanswered = sent.sent.load(Relaxed) - sent.answered.load(Relaxed);
    flooded
}

/// A call's headers, each written out, so that no table changes.
fn headers(path: &str) -> Vec<u8> {
    // Indexed in the static table: POST and http.
    let mut block = vec![0x83, 0x86];
    let mut literal = |name: &str, value: &str| {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("short texts"));
            block.extend_from_slice(text.as_bytes());
        }
    };
    literal(":path", path);
    literal(":authority", "attuned");
    literal("te", "trailers");
    literal("content-type", "application/grpc");
    block
}

fn frame(to: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, body: &[u8]) {
    to.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    to.extend_from_slice(&[kind, flags]);
    to.extend_from_slice(&stream.to_be_bytes());
    to.extend_from_slice(body);
}

pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are valid")
}

/// A message as a call carries it.
pub fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}
