# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Functions of tests/run and examples/try-it: install what is missing, build, stage.
# Everything is built under $CONFINE_BUILD (default: build-tests in the tree).

confine_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
confine_build=${CONFINE_BUILD:-$confine_top/build-tests}
confine_scratch=$(mktemp -d) # for the length of the script
trap 'rm -rf "$confine_scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "${0##*/}: $*"
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || die "needs root: sudo $0"
}

# Runs a command without its output; shows the output only if the command fails.
quietly() {
	local log=$confine_scratch/quietly status=0
	"$@" >"$log" 2>&1 </dev/null || status=$?
	[ "$status" -eq 0 ] || cat "$log" >&2
	return "$status"
}

package_is_there() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints the packages of the given uses (build, ssh, test) that this machine lacks.
missing_packages() {
	local package uses
	while read -r package uses _; do
		case "$package" in '' | '#'*) continue ;; esac
		case " $* " in *" $uses "*) package_is_there "$package" || echo "$package" ;; esac
	done <"$confine_top/tests/lib/packages"
}

# A service that is only wanted as a program must neither start now nor at the next boot.
install_without_starting() {
	local policy=/usr/sbin/policy-rc.d mine=no status=0
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && mine=yes
	fi
	DEBIAN_FRONTEND=noninteractive quietly apt-get install -qq -y --no-install-recommends "$@" ||
		status=$?
	[ "$mine" = no ] || rm -f "$policy"
	case " $* " in
	*" openssh-server "*)
		! [ -d /run/systemd/system ] || quietly systemctl disable ssh.service ssh.socket || :
		;;
	esac
	return "$status"
}

# install_missing USE...
install_missing() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "please install: ${missing[*]}"
	say "installing ${missing[*]}"
	quietly apt-get update -qq || say "apt-get update failed; trying with the lists at hand"
	install_without_starting "${missing[@]}" || die "could not install ${missing[*]}"
}

# build_tree NAME MESON-OPTION...: (re)builds $confine_build/NAME.
build_tree() {
	local tree=$confine_build/$1
	shift
	if [ -e "$tree/build.ninja" ]; then
		quietly meson configure "$tree" "$@" || return 1
	else
		rm -rf "$tree"
		quietly meson setup "$tree" "$confine_top" "$@" || return 1
	fi
	quietly ninja -C "$tree"
}

# stage_tree NAME [STAGE]: installs $confine_build/NAME into $confine_build/STAGE ("stage").
stage_tree() {
	local stage=$confine_build/${2:-stage}
	rm -rf "$stage"
	mkdir -p "$stage/usr" "$stage/etc"
	DESTDIR=$stage quietly meson install -C "$confine_build/$1" --no-rebuild
}
