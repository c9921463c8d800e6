# bash completion for confinectl(8)                         -*- shell-script -*-
# SPDX-License-Identifier: LGPL-2.1-or-later

# Services that have a file of their own.
_confinectl_services() {
	local directory=$1 file
	for file in "$directory"/*; do
		[[ -f $file ]] && printf '%s\n' "${file##*/}"
	done
}

# Users and ids of the containers that run; nothing for those who may not see them.
_confinectl_containers() {
	confinectl list --json 2>/dev/null |
		sed -n 's/^ *"\(container\|user\)": *"\([^"]*\)".*/\2/p' | sort -u
}

_confinectl_profiles() {
	sed -n 's/^[[:space:]]*\[profile[[:space:]]\{1,\}\([^]]*\)\].*/\1/p' \
		/etc/confine/confine.conf /etc/confine/conf.d/*.conf \
		/usr/share/confine/conf.d/*.conf 2>/dev/null
}

_confinectl_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_confinectl_pam() {
	local directory=/etc/pam.d i
	for ((i = 2; i < cword; i++)); do
		[[ ${words[i]} == --directory ]] && directory=${words[i + 1]:-$directory}
	done
	case $prev in
	--directory) _filedir -d ;;
	pam) _confinectl_words 'enable disable show' ;;
	enable | disable | show) _confinectl_words "$(_confinectl_services "$directory")" ;;
	*)
		if [[ ${words[2]} == show ]]; then
			_confinectl_words '--directory --json'
		else
			_confinectl_words '--directory --dry-run'
		fi
		;;
	esac
}

_confinectl_run() {
	local i
	for ((i = 2; i < cword; i++)); do
		if [[ ${words[i]} == -- ]]; then
			_command_offset $((i + 1))
			return
		fi
	done
	case $prev in
	--config) _filedir ;;
	--profile) _confinectl_words "$(_confinectl_profiles)" ;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	*) _confinectl_words '--config --profile --user --' ;;
	esac
}

_confinectl() {
	local cur prev words cword
	_init_completion || return

	if ((cword == 1)); then
		_confinectl_words 'check explain kill list pam run status version --help'
		return
	fi
	case ${words[1]} in
	check)
		if [[ $cur == -* && $prev != --config ]]; then
			_confinectl_words '--any-owner --config --json'
		else
			_filedir
		fi
		;;
	explain)
		case $prev in
		--config) _filedir ;;
		--rhost) ;;
		--user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
		--service) _confinectl_words "$(_confinectl_services /etc/pam.d)" ;;
		*) _confinectl_words '--user --service --rhost --config --json' ;;
		esac
		;;
	kill)
		case $prev in
		--session) ;;
		*) _confinectl_words "$(_confinectl_containers) --session" ;;
		esac
		;;
	list) _confinectl_words '--json' ;;
	pam) _confinectl_pam ;;
	run) _confinectl_run ;;
	status) _confinectl_words "$(_confinectl_containers) --json" ;;
	esac
} &&
	complete -F _confinectl confinectl
