# Sourced by the other scripts, never run: where things lie, which versions are pinned, how the
# scripts speak. Leaves the shell in the repository's root. Everything said goes to stderr; stdout
# belongs to the program that was asked for. Bash 3.2 is enough.
#
#   NEARHOP_CACHE  tools built once per machine (default ${XDG_CACHE_HOME:-~/.cache}/nearhop)

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

cache=${NEARHOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nearhop}
toolchain=$cache/toolchain.env # written by scripts/setup, read by scripts/build
wasm_triple=wasm32-unknown-unknown

wasm_pack_version=0.15.1
wasm_bindgen_version=0.2.130 # as in Cargo.lock; wasm-opt is pinned in package.json (binaryen)

rust_version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) # the oldest that will do

# tool_folder wasm-pack | wasm-bindgen-cli
tool_folder() {
  case $1 in
    wasm-pack) echo "$cache/$1-$wasm_pack_version" ;;
    wasm-bindgen-cli) echo "$cache/$1-$wasm_bindgen_version" ;;
  esac
}

script=$(basename "$0")

note() { printf '%s: %s\n' "$script" "$*" >&2; }

# fail MESSAGE [LINE…]: what was found, then what to do.
fail() {
  note "error: $1"
  shift
  [ $# = 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# Runs a long command: with its own progress on a terminal, and otherwise with its output kept back
# unless it fails. Descriptor 9 is the lock's (below): a daemon left behind must not hold it.
quietly() {
  if [ -t 2 ]; then
    "$@" >&2 9>&-
    return
  fi
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 9>&- || status=$?
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# bounded SECONDS COMMAND…: ended after that long, where the machine has timeout(1).
bounded() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

# Held until the script ends: two at once must not write the same files. Without flock(1) (macOS has
# none) there is no lock.
lock() {
  command -v flock >/dev/null || return 0
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  flock -n 9 && return
  note "waiting for another run to end ($1)"
  flock 9
}

# digest [FILE…]: SHA-256 in hexadecimal with the name, a line each; of stdin without files.
digest() {
  if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# at_least FOUND NEEDED: dotted numbers; a suffix such as -nightly does not count.
at_least() {
  awk -v found="$1" -v needed="$2" 'BEGIN {
    split(found, f, /[.-]/)
    n = split(needed, d, ".")
    for (i = 1; i <= n; i++) if (f[i] + 0 != d[i] + 0) exit f[i] + 0 < d[i] + 0
  }'
}

# with_wasm_toolchain COMMAND…: with what scripts/setup found for WebAssembly, and the flags that
# every module is compiled with. 128-bit SIMD is in every Node that Lambda@Edge offers. Without the
# remapping, paths of this machine would stand in panic messages, and the module would not be the
# same bytes on every machine. Flags given encoded outrank a caller's RUSTFLAGS and allow spaces.
with_wasm_toolchain() {
  (
    . "$toolchain"
    export PATH="$(tool_folder wasm-pack)/bin:$(tool_folder wasm-bindgen-cli)/bin:$PATH"
    export CARGO_BUILD_TARGET="$wasm_triple"
    if [ -n "$wasm_rust" ]; then
      export PATH="$wasm_rust/bin:$PATH" RUSTC="$wasm_rust/bin/rustc"
      export SYSROOT="$wasm_rust/sysroot" # clippy asks no rustc for it
      export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$wasm_rust/bin/wasm-ld"
    fi
    cargo fetch --quiet --target "$wasm_triple" # so that the folders to be remapped exist
    local flags
    flags=$(remap_registries)
    export CARGO_ENCODED_RUSTFLAGS="-Ctarget-feature=+simd128$flags"
    "$@"
  )
}

# rustc's flags that write crates/… for where cargo keeps the sources, each after a separator.
remap_registries() {
  local registry
  for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    printf '\037%s' "--remap-path-prefix=$registry=crates"
  done
}
