// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package interop tests x509up against programs that its authors did not write: the ones it talks to,
// and the ones that read the files it makes. It holds tests only, behind the build tag "interop".
//
// # What is real here
//
//   - A Shibboleth service provider (Debian's libapache2-mod-shib): a private shibd and a private Apache.
//     Behind it stand a protected page and, below /secure/getcert, a CGI that plays CILogon's getcert and
//     signs with an online CA made for the test.
//   - mod_auth_mellon under a second private Apache, because it reads the PAOS header by its grammar, where
//     Shibboleth only looks for substrings.
//   - A SimpleSAMLphp identity provider with saml20.ecp, under a third private Apache with mod_php.
//   - KDCs of MIT and of Heimdal, each for two realms that trust each other; MIT's kinit, which fills caches of every type
//     (files, folders, the kernel's keyrings, the KCM daemons of SSSD and of Heimdal); and mod_auth_gssapi before
//     SimpleSAMLphp's endpoint, which takes the tickets.
//   - openssl, grid-proxy-info (Globus), voms-proxy-info (the C++ and the Java one), arcproxy (NorduGrid)
//     and curl, which must accept the files; and a TLS server, openssl s_server, that lets proxies in.
//   - A file server each of XRootD (GSI), which we ask with xrdfs and xrdcp, and of Globus (GridFTP), with globus-url-copy,
//     and an Apache with mod_gridsite, which lets proxies in: they see our proxies, and those of others as a control.
//     Another XRootD opens its folders by VO, group and role alone.
//   - Two voms-server (C++) on a private MariaDB, with groups, roles, generic attributes and suspended users; both of
//     voms-proxy-init and arcproxy as their clients, and libvomsapi as the judge of attribute certificates.
//   - gnome-keyring on a private session bus, with libsecret's secret-tool as the second reader: locked, without a keyring, and
//     with a service in its place that never answers.
//   - grid-proxy-init, both of voms-proxy-init, and arcproxy, whose files we must understand, and put proxies below.
//   - All programs whose names we answer to, as far as Debian has them: TestCompat runs the command lines that people and scripts write
//     with them and with us, each time as the only user of a machine of its own (unprivileged user and mount namespaces), and holds
//     output, exit codes and files against each other. What may differ is in internal/compat/differences, and must.
//
// Messages are signed in both directions and verified by the peers: the service provider signs its
// AuthnRequests, the identity provider insists on that, signs responses and assertions, and encrypts the
// latter. A test that alters one byte in each direction proves that the verification is really on.
//
// # How it runs
//
// "make interop" installs what is missing with install.sh and runs the tests. Every daemon listens on
// loopback only, on a free port, with configuration, keys and logs in a temporary folder of the test, and
// is stopped by its process id. (Those that would bind to every address have testdata/loopback.c preloaded, and the
// KCM daemons, whose paths are compiled in, see folders of the test in their place, in a mount namespace.)
// Run as root, the daemons become www-data; run as anyone else, they stay what they are. Their logs are
// printed when a test fails. A peer that is missing is a failure, never a skip.
//
// Configuration that the tests instantiate is in testdata, one folder per program, as templates in that
// program's own language. Where a peer surprised us, the test says so and names the version.
package interop
