#!/bin/sh
# Builds the addon inside of a manylinux or Alpine image, with the checkout as working directory. Installs the
# Rust of $RUST_VERSION from rustup; both kinds of image bring, or are given, a C compiler.
set -eu

if command -v apk >/dev/null; then
  apk add --no-cache curl gcc musl-dev
fi
curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
  sh -s -- -y --profile minimal --default-toolchain "$RUST_VERSION"
# .cargo/config.toml says the rest.
"$HOME/.cargo/bin/cargo" build --lib --release --locked
# The runner's user copies the result.
chmod -R a+rX target
