#!/usr/bin/env bash
# Installs the scanners that the benchmark compares with, outside the checkout, by the ordinary clients.
# Idempotent: what is there in the right version stays.
set -euo pipefail

ripgrep_version=15.2.0
gitleaks_version=v8.30.1

root="${XDG_CACHE_HOME:-$HOME/.cache}/tokensweep/peers"
mkdir -p "$root/bin"

if "$root/bin/rg" --version 2>/dev/null | grep -qF "ripgrep $ripgrep_version"; then
  echo "ripgrep $ripgrep_version is there"
else
  cargo install --quiet --locked --root "$root" --version "$ripgrep_version" ripgrep
fi

if go version -m "$root/bin/gitleaks" 2>/dev/null | grep -qF "$gitleaks_version"; then
  echo "gitleaks $gitleaks_version is there"
else
  GOBIN="$root/bin" go install "github.com/zricethezav/gitleaks/v8@$gitleaks_version"
fi

echo "installed in $root/bin: rg, gitleaks"
