//! Ports, and how the kernel treats connections.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use crate::config::Settings;

use super::{Finding, machine::number_in};

/// How long another daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Connections that may wait to be accepted: a call centre's desktops come back all at once after an outage.
const BACKLOG_MIN: u64 = 1_024;

/// What there is to say.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![
        port("listen", settings.listen, settings.admin_listen),
        port("admin.listen", settings.admin_listen, settings.admin_listen),
    ];
    for (setting, address) in [("listen", settings.listen), ("admin.listen", settings.admin_listen)] {
        if !address.ip().is_loopback() {
            findings.push(Finding::warn(
                "exposure",
                format!("{setting} is {address}: whoever reaches it may call, unencrypted and unasked"),
                "keep the port on a private network: there is no transport security and no authentication yet",
            ));
        }
    }
    findings.extend(backlog());
    findings
}

/// Whether a port can be had.
fn port(setting: &'static str, address: SocketAddr, admin: SocketAddr) -> Finding {
    let Err(refused) = TcpListener::bind(address) else {
        return Finding::ok("ports", format!("{setting} {address} can be opened"));
    };
    let found = format!("{setting} {address} cannot be opened: {refused}");
    let advice = match refused.kind() {
        ErrorKind::AddrInUse if runs_at(admin) => {
            "an attuned runs here already; stop it, or choose other ports".to_owned()
        }
        ErrorKind::AddrInUse => {
            format!("something else listens there; `ss -ltnp 'sport = :{}'` names it", address.port())
        }
        ErrorKind::PermissionDenied => "ports below 1024 are the system's; choose a higher one".to_owned(),
        ErrorKind::AddrNotAvailable => {
            "no interface of this machine has this address; `ip address` lists them".to_owned()
        }
        _ => "choose another address or port".to_owned(),
    };
    Finding::fail("ports", found, advice)
}

/// Whether an attuned answers on its admin port.
fn runs_at(admin: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&admin, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /startupz HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4_096).read_to_string(&mut answer)?;
        std::io::Result::Ok(answer.contains("ok\n") || answer.contains("starting\n"))
    };
    ask().unwrap_or(false)
}

/// Connections that the kernel lets wait.
fn backlog() -> Option<Finding> {
    let waiting = number_in("/proc/sys/net/core/somaxconn")?;
    let found = format!("{waiting} connections may wait to be accepted");
    Some(match waiting {
        BACKLOG_MIN.. => Finding::ok("tcp", found),
        _ => Finding::warn(
            "tcp",
            found,
            format!("`sysctl -w net.core.somaxconn={BACKLOG_MIN}`: desktops return all at once"),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn a_port_that_is_taken_fails_and_says_so() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let nobody = "127.0.0.1:1".parse().unwrap();
        let finding = port("listen", address, nobody);
        assert_eq!(finding.state, State::Fail);
        assert!(finding.advice.contains("something else listens"), "{finding:?}");
        drop(taken);
        assert_eq!(port("listen", address, nobody).state, State::Ok);
    }
}
