//! Converts one TFLite file by hand and prints what `models.lock` needs to know about the result:
//!
//! ```text
//! cargo run --release -p kinemotion-models --example convert -- detector pose_detection.tflite out.onnx
//! ```
#![expect(clippy::print_stdout, reason = "the output of a command-line tool")]

use kinemotion_models::store::{Lock, Network, convert_network};
use sha2::Digest;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, tflite, onnx] = arguments.as_slice() else {
        return Err("usage: convert NETWORK FILE.tflite FILE.onnx".into());
    };
    let network = Network::ALL
        .into_iter()
        .find(|known| known.name() == network)
        .ok_or("unknown network")?;
    let bytes = convert_network(network, &std::fs::read(tflite)?, &Lock::embedded().models.package)?;
    std::fs::write(onnx, &bytes)?;
    let digest = sha2::Sha256::digest(&bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("onnx-size = {}\nonnx-sha256 = \"{hex}\"", bytes.len());
    Ok(())
}
