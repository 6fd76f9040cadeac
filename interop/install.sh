#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the real peers that the interop tests start: Debian packages only, nothing configured.
# Does nothing, and needs no root, when all is there. The tests start private copies of the daemons
# with their own configuration; the system-wide ones, which Debian would start on installation and
# at every boot, are neither started nor enabled here.
set -eu

packages="
  apache2 libapache2-mod-shib libapache2-mod-auth-mellon
  simplesamlphp libapache2-mod-php php-xml
  openssl curl
  globus-proxy-utils globus-gsi-cert-utils-progs voms-clients voms-clients-java nordugrid-arc-client
  voms-server voms-mysql-plugin mariadb-server-core voms-dev g++
  xrootd-server xrootd-client xrootd-plugins xrootd-voms-plugins
  globus-gridftp-server-progs globus-gass-copy-progs
  gridsite
  gnome-keyring dbus-daemon libsecret-tools
  krb5-kdc krb5-admin-server krb5-user libapache2-mod-auth-gssapi sssd-kcm keyutils faketime
  libkdc2-heimdal libkadm5srv8-heimdal libkadm5clnt7-heimdal libsl0-heimdal libkafs0-heimdal
"
daemons="apache2 shibd voms globus-gridftp-server globus-gridftp-sshftp krb5-kdc krb5-admin-server
  sssd sssd-kcm"

# Heimdal's programs, but not its libraries, conflict with MIT's: they are unpacked and not installed.
unpacked=/var/cache/x509up-interop/heimdal
unpacked_packages="heimdal-kdc heimdal-kcm heimdal-clients"

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

command -v dpkg-query >/dev/null || {
	echo "interop: the peers are Debian packages, and this system has no dpkg-query" >&2
	exit 1
}

missing=
for package in $packages; do
	is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || [ ! -e "$unpacked/complete" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "interop: needs root or sudo to install:$missing and to unpack $unpacked_packages" >&2
		exit 1
	}
	exec sudo -n sh "$0" "$@"
fi

# Daemons that are here already belong to the administrator and stay as they are.
new_daemons=
for daemon in $daemons; do
	[ -e "/etc/init.d/$daemon" ] || [ -e "/lib/systemd/system/$daemon.service" ] || new_daemons="$new_daemons $daemon"
done

# invoke-rc.d and deb-systemd-invoke ask this program before they start anything; 101 forbids it.
policy=/usr/sbin/policy-rc.d
kept=$policy.interop-kept # the administrator's own, if there is one, also after a run that was killed
restore() {
	rm -f "$policy"
	[ ! -e "$kept" ] || mv "$kept" "$policy"
}
if [ -e "$policy" ] && [ ! -e "$kept" ]; then
	mv "$policy" "$kept"
fi
trap restore EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt_get="apt-get -q -y -o DPkg::Lock::Timeout=300"
echo "interop: installing:$missing"

unpack() {
	rm -rf "$unpacked"
	mkdir -p "$unpacked/packages"
	chown _apt "$unpacked/packages" 2>/dev/null || true # apt downloads under that account
	# shellcheck disable=SC2086 # lists of words
	(cd "$unpacked/packages" && apt-get -q download $unpacked_packages) || return
	for package in "$unpacked"/packages/*.deb; do
		dpkg-deb -x "$package" "$unpacked" || return
	done
	rm -r "$unpacked/packages"
	: >"$unpacked/complete"
}

bring() {
	# shellcheck disable=SC2086 # lists of words
	$apt_get install --no-install-recommends $missing || return
	[ -e "$unpacked/complete" ] || unpack
}

bring || {
	# The usual cause is a package list that is older than the archive, or none at all.
	$apt_get update
	bring
}

# Debian puts mod_gridsite and a site of its own into the system's Apache; the tests need neither there.
case " $missing " in
*" gridsite "*)
	a2dismod -q zgridsite
	a2dissite -q gridsite
	;;
esac

for daemon in $new_daemons; do
	update-rc.d "$daemon" disable >/dev/null 2>&1 || true
	# systemd would start some of them when a client knocks.
	! command -v systemctl >/dev/null || systemctl disable "$daemon.socket" >/dev/null 2>&1 || true
done
