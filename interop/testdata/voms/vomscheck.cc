// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// vomscheck FILE CERTDIR VOMSDIR [SECONDS]: what libvomsapi makes of the attribute certificates in a proxy file,
// verified as a service would, now or at that Unix time, one fact a line. Exit code 0: all are valid; 1: what is
// wrong is on stderr; 2: not even looked at.
//
// It is C++ because the C interface of 2.1.0~rc3 hands out generic attributes that it has freed already.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <voms/voms_api.h>

static void print(voms &ac)
{
	std::cout << "vo " << ac.voname << "\nholder " << ac.user << "\nholderca " << ac.userca << "\nissuer " << ac.server
		  << "\nissuerca " << ac.serverca << "\nuri " << ac.uri << "\nserial " << ac.serial << "\nfrom " << ac.date1
		  << "\nuntil " << ac.date2 << "\n";
	for (const std::string &fqan : ac.fqan)
		std::cout << "fqan " << fqan << "\n";
	for (const attributelist &list : ac.GetAttributes())
		for (const attribute &a : list.attributes)
			std::cout << "attribute " << a.name << " = " << a.value << " (" << a.qualifier << ") by " << list.grantor << "\n";
	for (const std::string &target : ac.GetTargets())
		std::cout << "target " << target << "\n";
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5) {
		std::cerr << "usage: vomscheck FILE CERTDIR VOMSDIR [SECONDS]\n";
		return 2;
	}
	FILE *file = fopen(argv[1], "r");
	X509 *leaf = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	if (!leaf) {
		std::cerr << argv[1] << ": no certificate\n";
		return 2;
	}
	STACK_OF(X509) *chain = sk_X509_new_null();
	while (X509 *next = PEM_read_X509(file, NULL, NULL, NULL))
		sk_X509_push(chain, next);

	vomsdata vd(argv[3], argv[2]);
	if (argc == 5)
		vd.SetVerificationTime(atol(argv[4]));
	if (!vd.Retrieve(leaf, chain, RECURSE_CHAIN)) {
		std::cerr << "error " << vd.error << ": " << vd.ErrorMessage() << "\n";
		return 1;
	}
	for (voms &ac : vd.data)
		print(ac);
	return 0;
}
