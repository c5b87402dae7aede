//! Compiles the public API to Rust and keeps its descriptors for reflection, without protoc.

use std::{env, error::Error, fs, path::PathBuf};

/// The public API: a file a service, and the reasons for refusals, which travel by name.
const PROTOS: [&str; 10] = [
    "attune/v1/agent_service.proto",
    "attune/v1/config_service.proto",
    "attune/v1/contact_service.proto",
    "attune/v1/errors.proto",
    "attune/v1/gateway_service.proto",
    "attune/v1/insight_service.proto",
    "attune/v1/statistics_service.proto",
    "attune/v1/supervisor_service.proto",
    "attune/v1/wait_service.proto",
    "attune/v1/watch_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(PROTOS)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("attune.v1.descriptors.bin"), compiler.encode_file_descriptor_set())?;
    let mut config = tonic_prost_build::Config::new();
    // The command line finds a message's descriptor by its name, to write and read it as JSON.
    config.enable_type_names();
    tonic_prost_build::configure()
        .build_server(true)
        .build_client(true)
        // Sorted maps: equal messages are equal bytes.
        .btree_map(".")
        .compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    Ok(())
}
