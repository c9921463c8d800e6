#compdef confinectl
# SPDX-License-Identifier: LGPL-2.1-or-later
# zsh completion for confinectl(8)

_confinectl_services() {
  local -a services
  services=(/etc/pam.d/*(N.:t))
  _describe 'PAM service' services
}

_confinectl_profiles() {
  local -a profiles
  profiles=(${(f)"$(sed -n 's/^[[:space:]]*\[profile[[:space:]]\{1,\}\([^]]*\)\].*/\1/p' \
    /etc/confine/confine.conf /etc/confine/conf.d/*.conf(N) \
    /usr/share/confine/conf.d/*.conf(N) 2>/dev/null)"})
  _describe 'profile' profiles
}

_confinectl_containers() {
  local -a containers
  containers=(${(fu)"$(confinectl list --json 2>/dev/null |
    sed -n 's/^ *"\(container\|user\)": *"\([^"]*\)".*/\2/p')"})
  _describe 'user or container' containers
}

_confinectl_pam() {
  local curcontext="$curcontext" state
  local -a verbs
  verbs=('enable:place the lines' 'disable:take the lines away' 'show:print the lines')
  _arguments -C \
    '1:command:->verb' \
    '2:service:_confinectl_services' \
    '--directory[directory of PAM service files]:directory:_files -/' \
    '--dry-run[say what would be done]' \
    '--json[print JSON]'
  [[ $state == verb ]] && _describe 'command' verbs
}

_confinectl() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
    'check:read the policy and say what is wrong'
    'explain:say what would happen to a user, and why'
    'kill:end containers'
    'list:list containers'
    'pam:place, remove or show the lines of a PAM service'
    'run:run one command in a container'
    'status:say more about a container'
    'version:print the version'
  )

  _arguments -C '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe 'command' commands ;;
  argument)
    case $line[1] in
    check)
      _arguments '--any-owner[a draft: do not ask who owns the files]' \
        '--config[the policy to check]:policy file:_files' '--json[print JSON]' \
        '*:policy file:_files'
      ;;
    explain)
      _arguments '--user[user]:user:_users' '--service[PAM service]:service:_confinectl_services' \
        '--rhost[address of the client]:address:' '--config[policy]:policy file:_files' \
        '--json[print JSON]'
      ;;
    kill) _arguments '--session[one session only]:number:' '1:container:_confinectl_containers' ;;
    list) _arguments '--json[print JSON]' ;;
    pam) _confinectl_pam ;;
    run)
      _arguments '--profile[profile]:profile:_confinectl_profiles' '--user[user]:user:_users' \
        '--config[policy]:policy file:_files' \
        '*::command:_normal'
      ;;
    status) _arguments '1:container:_confinectl_containers' '--json[print JSON]' ;;
    esac
    ;;
  esac
}

_confinectl "$@"
