# The part of the setup script that is the same for all. The gateway puts before it: `url`, `line` (the URL, with credentials if
# any), `has_secret`, `note`, `ready` and the function `install_keys`. It fetches nothing, so that it needs neither curl nor wget.
# Only builtins see secrets, since other programs' arguments are in the process list. The last line starts it all, so that a script
# cut short in transit does nothing.
set -eu

fail() {
  printf 'setup: %s\n' "$1" >&2
  exit 1
}

install_key() {
  key_file="$keys/$1"
  if [ -f "$key_file" ] && [ "$(cat "$key_file")" = "$2" ]; then
    return 0
  fi
  if [ -e "$key_file" ] && [ "$force" = false ]; then
    fail "$key_file differs from the repository's key; --force replaces it"
  fi
  printf '%s\n' "$2" >"$key_file.$$"
  chmod 644 "$key_file.$$"
  mv -f "$key_file.$$" "$key_file"
  printf 'installed key %s\n' "$key_file"
}

# Whether a line without `v2` or `v3` in front is this repository's, with whatever credentials.
is_ours() {
  case $1 in
    "$url" | "$url/") return 0 ;;
    "${url%%://*}://"*"@${url#*://}" | "${url%%://*}://"*"@${url#*://}/") return 0 ;;
  esac
  return 1
}

write_lines() {
  written=false
  if [ -f "$list" ]; then
    while IFS= read -r old || [ -n "$old" ]; do
      place=${old#v[23] }
      if ! is_ours "$place"; then
        printf '%s\n' "$old"
      elif [ "$written" = false ]; then
        # Credentials that are there stay where none were given.
        if [ "$has_secret" = true ]; then
          place=$line
        fi
        printf '%s%s\n' "$kind" "$place"
        written=true
      fi
    done <"$list"
  fi
  if [ "$written" = false ]; then
    printf '%s%s\n' "$kind" "$line"
  fi
}

# Which index suits the apk there: that of apk 3 lists the packages of both formats, and apk 2 can't read it.
suited_index() {
  if [ -z "$root" ]; then
    case $(apk --version 2>/dev/null || :) in
      'apk-tools 3.'*) printf v3 ;;
      *) printf v2 ;;
    esac
    return 0
  fi
  for file in "$root"/etc/openwrt_release "$root"/lib/libapk.so.3* "$root"/usr/lib/libapk.so.3*; do
    if [ -e "$file" ]; then
      printf v3
      return 0
    fi
  done
  printf v2
}

add_line() {
  new="$list.setup.$$"
  trap 'rm -f "$new"' EXIT
  if [ -f "$list" ]; then
    cp -p "$list" "$new"
  else
    : >"$new"
    chmod 644 "$new"
  fi
  if [ "$has_secret" = true ]; then
    chmod 600 "$new"
  fi
  write_lines >"$new"
  mv -f "$new" "$list"
  trap - EXIT
  printf 'repository %s is in %s\n' "$url" "$list"
}

main() {
  root= force=false index=
  while [ $# -gt 0 ]; do
    case $1 in
      --force) force=true ;;
      --root)
        [ $# -gt 1 ] || fail '--root needs a folder'
        root=$2
        shift
        ;;
      --root=*) root=${1#--root=} ;;
      --index)
        [ $# -gt 1 ] || fail '--index needs v2 or v3'
        index=$2
        shift
        ;;
      --index=*) index=${1#--index=} ;;
      *) fail "unknown option $1; known are --force, --root DIR and --index v2|v3" ;;
    esac
    shift
  done
  if [ -z "$root" ]; then
    [ "$(id -u)" = 0 ] || fail 'run this as root, or give --root DIR'
    command -v apk >/dev/null || fail 'there is no apk here; give --root DIR to prepare another system'
  fi
  case ${index:=$(suited_index)} in
    v2) kind= ;;
    v3) kind='v3 ' ;;
    *) fail "unknown index $index; known are v2 and v3" ;;
  esac
  umask 022
  keys="$root/etc/apk/keys" list="$root/etc/apk/repositories"
  # OpenWrt keeps no other list when it is upgraded.
  if [ -e "$root/etc/openwrt_release" ]; then
    list="$root/etc/apk/repositories.d/customfeeds.list"
  fi
  mkdir -p "$keys" "${list%/*}"
  install_keys
  add_line
  if [ -n "$note" ]; then
    printf '%s\n' "$note"
  fi
  printf '%s\n' "$ready"
}

main "$@"
