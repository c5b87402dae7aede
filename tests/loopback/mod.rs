//! A daemon of a test's own, on ports that are free, and a connection to it.

use attune::{app::Daemon, config::Settings};
use tonic::transport::Channel;

/// Starts one with the built-in document.
pub async fn daemon() -> (Daemon, Channel) {
    let daemon = Daemon::start(Settings::passing()).await.expect("the daemon starts");
    let address = format!("http://{}", daemon.addresses().api);
    let channel = Channel::from_shared(address).unwrap().connect().await.expect("the daemon answers");
    (daemon, channel)
}
