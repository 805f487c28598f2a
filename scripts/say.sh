# shellcheck shell=bash
# Read by the other scripts: how they speak, and where they find what scripts/install has put in place.

# Rust's own installer puts its programs here, which a shell without a login does not look into.
export PATH="$HOME/.cargo/bin:$PATH"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  printf '\n%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The folder of the newest PostgreSQL server programs on this machine; nothing when there are none.
postgres_programs() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  if [ -x "$found" ]; then
    dirname "$found"
  elif have initdb && have pg_ctl; then
    dirname "$(command -v initdb)"
  fi
}

# The browser for scripts/browser; nothing when there is none.
browser_program() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    # Ubuntu's package of this name is only a note that the browser comes as a snap.
    if [ -n "$name" ] && have "$name" && "$name" --version >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
}
