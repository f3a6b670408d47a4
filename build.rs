//! Hands the linker what a Node-API addon needs; the pure core needs nothing.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
