// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

// deviations are how the differences that we want show in the lines, by the key that compatLine.Differs has.
func deviations() map[string]deviation {
	const every = ""
	stdout := func(lines string) map[aspect]string { return map[aspect]string{toStdout: lines} }
	files := func(lines string) map[aspect]string { return map[aspect]string{allFiles: lines} }
	all := map[aspect]string{toStdout: every, exitCode: every, allFiles: every}
	return map[string]deviation{
		"info targets":    {Of: "voms-proxy-info: -targets and -all show", Shows: stdout(`^target    : `)},
		"info damaged":    {Of: "voms-proxy-info: a file with a damaged", Shows: stdout(every)},
		"info text":       {Of: "voms-proxy-info: -text spells", Shows: stdout(every)},
		"info EC":         {Of: "voms-proxy-info: the strength of an EC key", Shows: stdout(`^strength`)},
		"info words":      {Of: "voms-proxy-info: that there is no proxy is said", Shows: map[aspect]string{toStdout: `^(Proxy not found: |[01]$)`, exitCode: every}},
		"info no CAs":     {Of: "voms-proxy-info: a CA directory need not", Shows: map[aspect]string{toStdout: every, exitCode: every}},
		"info user ended": {Of: "voms-proxy-info: -exists is no where", Shows: map[aspect]string{exitCode: every}},
		"help":            {Of: "voms-proxy-*: -help and -version", Shows: stdout(every)},

		"init extensions": {Of: "voms-proxy-init: serial numbers are random", Shows: files(`extension: 2\.5\.29\.(14|19|35) |serial number: `)},
		"init memory":     {Of: "voms-proxy-init: which servers have answered", Shows: files(`^/home/\.cache/x509up/`)},
		"init kinds":      {Of: "voms-proxy-init: -old and -proxyver", Shows: all, Says: "leave -old and -proxyver out"},
		"init bits":       {Of: "voms-proxy-init: -bits 512 and 1024", Shows: files(`key: RSA (1024|2048)`), Says: "too weak"},
		"init in the way": {Of: "voms-proxy-init: what is in the way", Shows: all, Says: "read-only"},
		"init shorter":    {Of: "voms-proxy-init: the exit code is 0 where", Shows: map[aspect]string{exitCode: every}, Says: "which is within the requested lifetime"},
		"init expired":    {Of: "voms-proxy-init: an expired certificate", Shows: map[aspect]string{toStdout: every, allFiles: every}, Says: "Your certificate expired"},
		"init other VO":   {Of: "voms-proxy-init: a FQAN of another", Shows: stdout(every), Says: "is no attribute of the VO"},
		"java begins":     {Of: "voms-proxy-init: as version 3: proxies begin", Shows: files(`begins: `)},
		"init of a proxy": {Of: "voms-proxy-init: a proxy of a proxy", Shows: all},
		"init debug":      {Of: "voms-proxy-init: -debug names", Shows: stdout(every)},
		"init later":      {Of: "voms-proxy-init: -include, -includeac", Shows: all, Says: "not there yet"},
		"init VO":         {Of: "voms-proxy-init: the variable VO", Shows: files(`extension: 1\.3\.6\.1\.4\.1\.8005\.100\.100\.3 `)},
		"init dots":       {Of: "voms-proxy-init: progress is not shown", Shows: stdout(every)},
		"init vomses":     {Of: "voms-proxy-init: vomses files are looked", Shows: all},
		"init no CAs":     {Of: "voms-proxy-init: where no CA directory", Shows: all},
		"destroy link":    {Of: "voms-proxy-destroy: a symbolic link", Shows: all, Says: "symbolic link"},
		"destroy other":   {Of: "voms-proxy-destroy: a symbolic link", Shows: all, Says: "no credential"},
		"destroy no CAs":  {Of: "voms-proxy-destroy: a CA directory need not", Shows: all},

		"grid extensions":  {Of: "grid-proxy-init: a proxy has both key identifiers", Shows: files(`extension: 2\.5\.29\.(14|35|37) |serial number: `)},
		"grid in the way":  {Of: "grid-proxy-init: a symbolic link", Shows: all, Says: "read-only"},
		"grid expired":     {Of: "grid-proxy-init: an expired certificate", Shows: all, Says: "Your certificate has expired"},
		"grid mismatch":    {Of: "grid-proxy-init: a key that is not", Shows: all, Says: "the key does not belong to the certificate"},
		"grid why":         {Of: "grid-proxy-init: errors say why", Shows: stdout(every)},
		"grid bits":        {Of: "grid-proxy-init: -bits 512", Shows: files(`key: RSA (1024|2048)`), Says: "refused by servers"},
		"grid kinds":       {Of: "grid-proxy-init: -old and -draft", Shows: all, Says: "this is not there yet"},
		"grid path":        {Of: "grid-proxy-init: -path-length 0", Shows: files(`extension: 1\.3\.6\.1\.5\.5\.7\.1\.14 `)},
		"grid language":    {Of: "grid-proxy-init: -pl without -policy", Shows: files(`extension: 1\.3\.6\.1\.5\.5\.7\.1\.14 |certificate: `)},
		"grid word":        {Of: "grid-proxy-init: -pl takes", Shows: all},
		"grid one file":    {Of: "grid-proxy-init: -cert names a file", Shows: all},
		"grid other key":   {Of: "grid-proxy-init: a key of another", Shows: all},
		"grid home":        {Of: "grid-proxy-init: the home folder", Shows: all},
		"grid help":        {Of: "grid-proxy-init: -help says", Shows: stdout(every)},
		"grid first":       {Of: "grid-proxy-init: the folder of the proxy", Shows: all},
		"grid info SEC 1":  {Of: "grid-proxy-info: keys in blocks", Shows: map[aspect]string{toStdout: every, exitCode: every}},
		"grid all":         {Of: "grid-proxy-destroy: -all destroys", Shows: files(`^/home/p: `)},
		"grid policy":      {Of: "grid-proxy-init: the file of -policy", Shows: files(`extension: 1\.3\.6\.1\.5\.5\.7\.1\.14 `)},
		"grid info EC":     {Of: "grid-proxy-info: the strength of an EC key", Shows: stdout(`^strength`)},
		"grid info text":   {Of: "grid-proxy-info: -text spells", Shows: stdout(every)},
		"grid info blocks": {Of: "grid-proxy-info: blocks of other kinds", Shows: map[aspect]string{toStdout: every, exitCode: every}},
		"grid link":        {Of: "grid-proxy-destroy: a symbolic link", Shows: all, Says: "symbolic link"},
		"cert text":        {Of: "grid-cert-info: -all spells", Shows: stdout(every)},
		"arc folder":       {Of: "arcproxy: ~/.arc/client.conf", Shows: files(`^/home/\.arc/`)},
		"arc memory":       {Of: "arcproxy: which servers have answered", Shows: files(`^/home/\.cache/x509up/`)},
		"arc extensions":   {Of: "arcproxy: a proxy has both key identifiers", Shows: files(`extension: 2\.5\.29\.(14|35|37) |serial number: `)},
		"arc letter":       {Of: "arcproxy: a value may be in the same", Shows: all},
		"arc kind":         {Of: "arcproxy: the kind of a proxy of the draft", Shows: stdout(`^Proxy type: `)},
		"arc digest":       {Of: "arcproxy: the digest of a signature", Shows: stdout(every)},
		"arc holder":       {Of: "arcproxy: attributes signed by voms-api-java", Shows: stdout(every)},
		"arc help":         {Of: "arcproxy: -h has its own", Shows: stdout(every)},
		"arc shortened":    {Of: "arcproxy: attributes for a shorter time", Shows: all, Says: "not for 4 days as asked"},
		"arc protocol":     {Of: "arcproxy: -H and -B change nothing", Shows: all},
		"arc bits":         {Of: "arcproxy: proxies that begin later", Shows: files(`key: RSA`), Says: "2048"},
		"arc constraint":   {Of: "arcproxy: a constraint that is not known", Shows: all},
		"arc inherit":      {Of: "arcproxy: keybits=inherit", Shows: all},
		"arc PKCS 12":      {Of: "arcproxy: -p holds", Shows: all},
		"arc later":        {Of: "arcproxy: -G, -F, -z", Shows: all, Says: "not there yet"},
		"arc in the way":   {Of: "arcproxy: a symbolic link", Shows: all, Says: "read-only"},
		"arc unknown VO":   {Of: "arcproxy: a VO that no vomses file names", Shows: stdout(`^Your identity: `), Says: "no vomses file names"},
		"arc no vomses":    {Of: "arcproxy: no attributes of a VO", Shows: map[aspect]string{toStdout: every, exitCode: every}},
		"arc refused":      {Of: "arcproxy: a server that refuses", Shows: stdout(`VOMS|can not be reached|Collected error|^\t`), Says: "User unknown to this VO"},
		"xrd extensions":   {Of: "xrdgsiproxy: a proxy has no extended key usage", Shows: files(`extension: 2\.5\.29\.(14|35|37) |serial number: |begins: `)},
		"xrd digest":       {Of: "xrdgsiproxy: proxies are signed with", Shows: files(`signature: `)},
		"xrd letters":      {Of: "xrdgsiproxy: letters outside ASCII", Shows: stdout(`^(issuer|subject) `)},
		"xrd end":          {Of: "xrdgsiproxy: a proxy ends with", Shows: map[aspect]string{toStdout: `^time left`, allFiles: `ends: `}},
		"xrd path":         {Of: "xrdgsiproxy: -path-length -1", Shows: files(`extension: 1\.3\.6\.1\.5\.5\.7\.1\.14 `)},
		"xrd numbers":      {Of: "xrdgsiproxy: a time or a number", Shows: files(`ends: `)},
		"xrd texts":        {Of: "xrdgsiproxy: -extensions spells", Shows: stdout(every)},
		"xrd limited":      {Of: "xrdgsiproxy: of a limited legacy proxy", Shows: stdout(every)},
		"xrd in the way":   {Of: "xrdgsiproxy: a symbolic link", Shows: all, Says: "read-only"},
		"xrd code":         {Of: "xrdgsiproxy: a proxy that cannot be made", Shows: map[aspect]string{exitCode: every}},
		"xrd mismatch":     {Of: "xrdgsiproxy: a key that is not", Shows: all},
		"cert letters":     {Of: "grid-cert-info: letters outside ASCII", Shows: stdout(`^/DC=`)},
	}
}

// notHere are the differences, as deviation.Of names them, that no line can show, and where they are tested.
func notHere() map[string]string {
	return map[string]string{
		"voms-proxy-info: attributes signed by voms-api-java": "vectors of package voms",
		"voms-proxy-init: root's certificate":                 "everyone here is jane; tests of vomsnames",
		"voms-proxy-init: attributes for certain hosts":       "the host of the test is not known; tests of vomsnames",
		"voms-proxy-init: the servers of a VO race":           "the original asks in an order of chance; TestContactRace",
		"grid-proxy-*: files may be those of root":            "jane sees no files of others; tests of ownfile",
	}
}
